"""The page for people in a real browser: a text gets its probabilities, and the words that moved them are marked."""

import json
from pathlib import Path

import pytest

from shared.data.examples import Data
from shared.testing.chromium import Page
from shared.testing.pages import from_module, in_browser, on_device, open_page, require_same_answers
from shared.testing.servers import file_server
from src.config import Config, tokenizer_path
from src.predict import Predictor
from src.tokens import Tokens

TEXT = "The striker scored twice as the club won the cup final."
ODD = [
    "",
    " ",
    "na\u00efve caf\u00e9 \U0001f469\u200d\U0001f467 \u65e5\u672c\u8a9e",
    "a\tb\r\nc",
    "x" * 500,
    "goal " * 9999,
]
pytestmark = in_browser


def type_in(page: Page, address: str, text: str) -> None:
    open_page(page, address)
    page.run("document.getElementById('text').focus()")
    page.call("Input.insertText", text=text)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_predicts_what_python_predicts(page: Page, served: str, trained: Config, width: int) -> None:
    page.size(width, 800)
    type_in(page, served, TEXT)
    page.wait_for("document.querySelectorAll('#bars li').length === 5")
    page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
    assert page.messages == []
    shown = page.run("[...document.querySelectorAll('#bars meter')].map((meter) => meter.value)")
    assert shown == pytest.approx(Predictor(trained).probabilities([TEXT])[0].tolist(), abs=0.02)
    assert page.run("document.getElementById('words').textContent") == TEXT
    assert page.run("document.documentElement.scrollWidth") <= width


def test_clearing_removes_the_prediction(page: Page, served: str) -> None:
    type_in(page, served, TEXT)
    page.wait_for("document.querySelectorAll('#bars li').length === 5")
    page.run("document.getElementById('clear').click()")
    page.wait_for("document.querySelectorAll('#bars li').length === 0")


def test_markup_in_a_text_stays_text(page: Page, served: str) -> None:
    type_in(page, served, "<img src=x onerror=alert(1)> & <b>goals</b>")
    page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
    assert page.run("document.querySelectorAll('#words img, #words b').length") == 0


def probabilities(page: Page, address: str) -> dict[str, float]:
    """Type the text in; gives its probabilities, and 1 for each word that moved them."""
    type_in(page, address, TEXT)
    page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
    assert page.messages == []
    predicted, explained = (
        from_module(page, f"module.ask('{name}', [{json.dumps(TEXT)}])") for name in ("predict", "explain")
    )
    return predicted["probabilities"] | {row["word"]: 1 for row in explained["words"]}


@on_device
def test_the_static_page_predicts_what_the_server_predicts(page: Page, served: str, static: Path) -> None:
    require_same_answers(page, served, static, probabilities)


@on_device
def test_texts_become_the_same_tokens_in_the_browser(page: Page, static: Path, trained: Config, data: Data) -> None:
    texts = [*data.splits.test["texts"][:100], *ODD]
    with file_server(static.parent) as address:
        page.open(f"{address}/{static.name}/")
        assert from_module(page, "module.ask('predict', [' '])") == {"prediction": "empty"}
        found = from_module(page, f"Promise.all({json.dumps(texts)}.map((text) => module.idsOf(text)))")
    tokens = Tokens(tokenizer_path(trained).read_text(encoding="utf-8"))
    assert found == [row.tolist() for row in tokens.ids(texts)]
