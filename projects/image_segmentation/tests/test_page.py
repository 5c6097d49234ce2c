"""The page for people in a real browser: an image gets its mask and areas, the same from server and static page."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from shared.serving.npm import CACHE, has_packages
from shared.serving.web import Part, build_site
from shared.testing.chromium import WHY_NOT, Page, chromium
from shared.testing.servers import file_server, serving
from src.config import PROJECT, Config, export_path
from src.service import PAGE, make_service

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


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "wall.png"
    Image.fromarray(photographs.brick()[:150, :201]).save(path)
    return path


def areas(page: Page, address: str, image: Path) -> dict[str, Any]:
    """Choose the image; returns the whole result."""
    page.open(f"{address}/")
    page.wait_for("document.getElementById('facts').textContent.includes('sample')")
    page.choose_file("#file", image)
    page.wait_for("document.querySelectorAll('#bars li').length === 4")
    assert page.messages == []
    # The canvas shows the mask by now: ask again about the image alone.
    page.run("document.getElementById('opacity').value = 0")
    page.run("document.getElementById('opacity').dispatchEvent(new Event('input'))")
    call = "ask('predict', [document.getElementById('image')])"
    found: dict[str, Any] = page.run(f"import(new URL('ask.mjs', location.href)).then(({{ ask }}) => {call})")
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_an_image_gets_its_areas_and_nothing_is_cut_off(page: Page, served: str, image: Path, width: int) -> None:
    page.size(width, 800)
    found = areas(page, served, image)
    assert (found["width"], found["height"]) == (201, 150)
    assert page.run("document.documentElement.scrollWidth") <= width


def test_the_mask_can_be_faded(page: Page, served: str, image: Path) -> None:
    areas(page, served, image)
    bare = page.run("document.getElementById('image').toDataURL()")
    page.run("document.getElementById('opacity').value = 100")
    page.run("document.getElementById('opacity').dispatchEvent(new Event('input'))")
    assert page.run("document.getElementById('image').toDataURL()") != bare


@pytest.mark.skipif(bool(WHY_NOT_STATIC), reason=WHY_NOT_STATIC)
def test_the_static_page_gives_the_same_mask(
    page: Page, served: str, trained: Config, image: Path, tmp_path: Path
) -> None:
    expected = areas(page, served, image)
    build_site(tmp_path / "site", [Part(PROJECT.name, PAGE, export_path(trained))], CACHE)
    with file_server(tmp_path / "site") as address:
        found = areas(page, f"{address}/{PROJECT.name}", image)
    assert found["probability"] == pytest.approx(expected["probability"], abs=0.01)
    masks = [np.asarray(decoded(result).convert("RGB")) for result in (found, expected)]
    assert (masks[0] == masks[1]).all(2).mean() > 0.99  # eight bits are rounded differently here and there
    for label, area in expected["areas"].items():
        assert found["areas"][label]["share"] == pytest.approx(area["share"], abs=0.01)


def decoded(result: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(result["mask_png_base64"])))
