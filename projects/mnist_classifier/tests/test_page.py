"""The page for people in a real browser: served and static, with a mouse and with keys, with and without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.serving.npm import CACHE, has_packages
from shared.serving.web import Part, build_site
from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import file_server, serving
from src.config import PROJECT, Config, export_path
from src.service import PAGE, make_service

STROKES = [(60, 60), (200, 60), (170, 150), (130, 250)]
WHY_NOT_STATIC = "" if has_packages() else f"{CACHE} does not hold onnxruntime-web; `make web` fetches it"

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(trained: Config) -> Iterator[str]:
    with serving(make_service(trained)) as address:
        yield address


def draw(page: Page, address: str) -> dict[str, float]:
    """Draw a seven; gives the probabilities that the page got."""
    page.open(f"{address}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    left, top, width = page.run(
        "(({left, top, width}) => [left, top, width])(document.getElementById('drawing').getBoundingClientRect())"
    )
    page.drag(*((left + x * width / 280, top + y * width / 280) for x, y in STROKES))
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    assert page.messages == []
    question = "ask('predict', [document.getElementById('drawing')])"
    found: dict[str, float] = page.run(f"import(new URL('ask.mjs', location.href)).then(({{ ask }}) => {question})")[
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
    page.open(f"{served}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    page.run("document.getElementById('drawing').focus()")
    for _ in range(8):
        page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown", modifiers=8)
    page.wait_for("document.querySelectorAll('#bars li').length === 10")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Delete")
    page.wait_for("document.querySelectorAll('#bars li').length === 0")


@pytest.mark.skipif(bool(WHY_NOT_STATIC), reason=WHY_NOT_STATIC)
def test_the_static_page_gives_the_same_answers_also_without_a_network(
    page: Page, served: str, trained: Config, tmp_path: Path
) -> None:
    expected = draw(page, served)
    build_site(tmp_path / "site", [Part(PROJECT.name, PAGE, export_path(trained))], CACHE)
    with file_server(tmp_path / "site") as address:
        folder = f"{address}/{PROJECT.name}"
        assert draw(page, folder) == pytest.approx(expected, abs=1e-4)
        assert page.run("navigator.serviceWorker.ready.then(({ active }) => Boolean(active))")
    assert draw(page, folder) == pytest.approx(expected, abs=1e-4)
