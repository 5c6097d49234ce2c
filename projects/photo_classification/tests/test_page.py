"""The page for people in a real browser: served and static, with a mouse and with keys, with and without a network."""

from pathlib import Path

import pytest

from shared.testing.chromium import Page
from shared.testing.pages import from_module, in_browser, on_device, open_page, require_same_answers

STROKES = [(60, 60), (200, 60), (170, 150), (130, 250)]

pytestmark = in_browser


def draw(page: Page, address: str) -> dict[str, float]:
    """Draw a seven; gives the probabilities that the page got."""
    open_page(page, address)
    left, top, width = page.run(
        "(({left, top, width}) => [left, top, width])(document.getElementById('drawing').getBoundingClientRect())"
    )
    page.drag(*((left + x * width / 280, top + y * width / 280) for x, y in STROKES))
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.messages == []
    found: dict[str, float] = from_module(page, "module.ask('predict', [document.getElementById('drawing')])")[
        "probabilities"
    ]
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_a_drawing_is_answered_and_nothing_is_cut_off(page: Page, served: str, width: int) -> None:
    page.size(width, 800)
    probabilities = draw(page, served)
    assert page.run("document.getElementById('answer').textContent") in [*probabilities, "Not sure."]
    assert page.run("document.documentElement.scrollWidth") <= width


def test_keys_draw_and_clear(page: Page, served: str) -> None:
    open_page(page, served)
    page.run("document.getElementById('drawing').focus()")
    for _ in range(8):
        page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown", modifiers=8)
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Delete")
    page.wait_for("document.querySelectorAll('#bars li').length === 0")


@on_device
def test_the_static_page_gives_the_same_answers_also_without_a_network(page: Page, served: str, static: Path) -> None:
    require_same_answers(page, served, static, draw)
