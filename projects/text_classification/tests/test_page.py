"""The page for people in a real browser: a text gets its probabilities, and the words that moved them are marked."""

from collections.abc import Iterator

import pytest

from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import serving
from src.config import Config
from src.predict import Predictor
from src.serve import make_service

TEXT = "The striker scored twice as the club won the cup final."

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
def test_a_text_is_answered_as_python_answers_it(page: Page, served: str, trained: Config, width: int) -> None:
    page.size(width, 800)
    type_in(page, served, TEXT)
    page.wait_for("document.querySelectorAll('#bars li').length === 5")
    page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
    assert page.messages == []
    shown = page.run("[...document.querySelectorAll('#bars meter')].map((meter) => meter.value)")
    assert shown == pytest.approx(Predictor(trained).probabilities([TEXT])[0].tolist(), abs=0.02)
    assert page.run("document.getElementById('words').textContent") == TEXT
    assert page.run("document.documentElement.scrollWidth") <= width


def test_clearing_takes_the_answer_away(page: Page, served: str) -> None:
    type_in(page, served, TEXT)
    page.wait_for("document.querySelectorAll('#bars li').length === 5")
    page.run("document.getElementById('clear').click()")
    page.wait_for("document.querySelectorAll('#bars li').length === 0")


def test_markup_in_a_text_stays_text(page: Page, served: str) -> None:
    type_in(page, served, "<img src=x onerror=alert(1)> & <b>goals</b>")
    page.wait_for("document.querySelectorAll('#words mark, #words s').length > 0")
    assert page.run("document.querySelectorAll('#words img, #words b').length") == 0
