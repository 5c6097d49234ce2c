"""The page for people in a real browser: a photo gets its classes and a map, the same from server and static page."""

from pathlib import Path

import pytest
from PIL import Image
from skimage import data as photographs

from shared.testing.chromium import Page
from shared.testing.pages import from_module, in_browser, on_device, open_page, require_same_answers

pytestmark = in_browser


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "coins.png"
    Image.fromarray(photographs.coins()[:200, :301]).save(path)
    return path


def choose(page: Page, address: str, photo: Path) -> dict[str, float]:
    """Choose the photo; gives the probabilities that the page got."""
    open_page(page, address)
    page.choose_file("#file", photo)
    page.wait_for("document.querySelectorAll('#bars li').length === 8")
    assert page.messages == []
    fade(page, 0)  # ask again about the photo alone
    found: dict[str, float] = from_module(page, "module.ask('predict', [document.getElementById('image')])")[
        "probabilities"
    ]
    return found


def fade(page: Page, opacity: int) -> None:
    page.run(f"document.getElementById('opacity').value = {opacity}")
    page.run("document.getElementById('opacity').dispatchEvent(new Event('input'))")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_photo_is_answered_and_nothing_is_cut_off(page: Page, served: str, photo: Path, width: int) -> None:
    page.size(width, 800)
    probabilities = choose(page, served, photo)
    assert page.run("document.getElementById('answer').textContent") in [*probabilities, "Not sure."]
    assert page.run("document.documentElement.scrollWidth") <= width


def test_the_map_can_be_faded(page: Page, served: str, photo: Path) -> None:
    choose(page, served, photo)
    bare = page.run("document.getElementById('image').toDataURL()")
    fade(page, 100)
    assert page.run("document.getElementById('image').toDataURL()") != bare


@on_device
def test_the_static_page_gives_the_same_answers_also_without_a_network(
    page: Page, served: str, static: Path, photo: Path
) -> None:
    require_same_answers(page, served, static, lambda page, address: choose(page, address, photo))
