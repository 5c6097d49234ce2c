"""The page for people in a real browser: a text gets its probabilities, and the words that moved them are marked."""

import json
from collections.abc import Iterator

import pytest

from shared.serving.npm import CACHE, has_packages
from shared.serving.web import Part, build_site
from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import file_server, serving
from src.config import PROJECT, Config, export_path, tokenizer_path
from src.dataloader import load_data
from src.predict import Predictor
from src.service import PAGE, make_service
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
WHY_NOT_STATIC = "" if has_packages() else f"{CACHE} does not hold the runtime of static pages; `make web` fetches it"

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(trained: Config) -> Iterator[str]:
    with serving(make_service(trained)) as address:
        yield address


def type_in(page: Page, address: str, text: str) -> None:
    page.open(f"{address}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
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


@pytest.fixture(scope="module")
def static(trained: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    site = tmp_path_factory.mktemp("static") / "site"
    build_site(site, [Part(PROJECT.name, PAGE, export_path(trained))], CACHE)
    with file_server(site) as address:
        yield f"{address}/{PROJECT.name}"


def asked(page: Page, question: str) -> object:
    """What the page's own module answers."""
    return page.run(f"import(new URL('ask.mjs', location.href)).then((module) => module.{question})")


@pytest.mark.skipif(bool(WHY_NOT_STATIC), reason=WHY_NOT_STATIC)
def test_the_static_page_predicts_what_the_server_predicts(page: Page, served: str, static: str) -> None:
    found = []
    for address in (served, static):
        type_in(page, address, TEXT)
        page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
        assert page.messages == []
        found.append([asked(page, f"ask('{verb}', [{json.dumps(TEXT)}])") for verb in ("predict", "explain")])
    (first, words), (second, again) = found
    assert second["probabilities"] == pytest.approx(first["probabilities"], abs=1e-4)
    assert second["prediction"] == first["prediction"]
    assert {row["word"] for row in again["words"]} == {row["word"] for row in words["words"]}
    assert asked(page, "ask('predict', [' '])") == {"prediction": "empty"}


@pytest.mark.skipif(bool(WHY_NOT_STATIC), reason=WHY_NOT_STATIC)
def test_texts_become_the_same_tokens_in_the_browser(page: Page, static: str, trained: Config) -> None:
    texts = [*load_data(trained).splits.test["texts"][:100], *ODD]
    page.open(f"{static}/")
    tokens = Tokens(tokenizer_path(trained).read_text(encoding="utf-8"))
    code = f"Promise.all({json.dumps(texts)}.map((text) => module.idsOf(text)))"
    found = page.run(f"import(new URL('ask.mjs', location.href)).then((module) => {code})")
    assert found == [row.tolist() for row in tokens.ids(texts)]
