"""The page for people in a real browser: an image gets its mask and areas, the same from server and static page."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from shared.testing.chromium import Page
from shared.testing.pages import from_module, in_browser, on_device, open_page
from shared.testing.servers import file_server

pytestmark = in_browser


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "wall.png"
    Image.fromarray(photographs.brick()[:150, :201]).save(path)
    return path


def areas(page: Page, address: str, image: Path) -> dict[str, Any]:
    """Choose the image; returns the whole result."""
    open_page(page, address)
    page.choose_file("#file", image)
    page.wait_for("document.querySelectorAll('#bars li').length === 4")
    assert page.messages == []
    # The canvas shows the mask by now: ask again about the image alone.
    fade(page, 0)
    found: dict[str, Any] = from_module(page, "module.ask('predict', [document.getElementById('image')])")
    return found


def fade(page: Page, opacity: int) -> None:
    page.run(f"document.getElementById('opacity').value = {opacity}")
    page.run("document.getElementById('opacity').dispatchEvent(new Event('input'))")


@pytest.mark.parametrize("width", [1280, 390])
def test_an_image_gets_its_areas_and_nothing_is_cut_off(page: Page, served: str, image: Path, width: int) -> None:
    page.size(width, 800)
    found = areas(page, served, image)
    assert (found["width"], found["height"]) == (201, 150)
    assert page.run("document.documentElement.scrollWidth") <= width


def test_the_mask_can_be_faded(page: Page, served: str, image: Path) -> None:
    areas(page, served, image)
    bare = page.run("document.getElementById('image').toDataURL()")
    fade(page, 100)
    assert page.run("document.getElementById('image').toDataURL()") != bare


@on_device
def test_the_static_page_gives_the_same_mask(page: Page, served: str, static: Path, image: Path) -> None:
    expected = areas(page, served, image)
    with file_server(static.parent) as address:
        found = areas(page, f"{address}/{static.name}", image)
    assert found["probability"] == pytest.approx(expected["probability"], abs=0.01)
    masks = [np.asarray(decoded(result).convert("RGB")) for result in (found, expected)]
    assert (masks[0] == masks[1]).all(2).mean() > 0.99  # eight bits are rounded differently here and there
    for label, area in expected["areas"].items():
        assert found["areas"][label]["share"] == pytest.approx(area["share"], abs=0.01)


def decoded(result: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(result["mask_png_base64"])))
