"""Any photo becomes the network's square, and the page makes the same of it."""

import base64

import numpy as np
import pytest
from PIL import Image

from shared.testing.node import WHY_NOT, run_node
from src.config import PROJECT
from src.preparation import PAD, prepare


def stripes(width: int = 300, height: int = 100) -> Image.Image:
    """Red, blue and green from left to right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 3, 0, 2 * width // 3, height))
    image.paste("lime", (2 * width // 3, 0, width, height))
    return image


def colors(prepared: np.ndarray, row: int) -> set[tuple[int, ...]]:
    """The pure colors that occur in a row."""
    return {tuple(pixel) for pixel in prepared[:, row].T.tolist() if set(pixel) <= {0, 255}}


def test_crop_keeps_the_middle_and_the_others_keep_the_whole_photo() -> None:
    red, blue, green = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    assert colors(prepare(stripes(), 33, "crop"), 16) == {blue}
    for fit in ("pad", "stretch"):
        assert colors(prepare(stripes(), 33, fit), 16) == {red, blue, green}
    assert (prepare(stripes(), 33, "pad")[:, [0, 10, 22, 32]] == PAD).all()
    assert (prepare(stripes(100, 300), 33, "pad")[:, :, [0, 10, 22, 32]] == PAD).all()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (5000, 2), (33, 33), (40, 30)])
def test_any_size_becomes_the_networks(fit: str, size: tuple[int, int]) -> None:
    for mode in ("L", "RGB"):
        prepared = prepare(Image.new(mode, size, "white"), 33, fit)
        assert (prepared.shape, prepared.dtype) == ((3, 33, 33), np.uint8)
        assert prepared[:, 16, 16].tolist() == [255] * 3


def test_a_photo_of_the_right_size_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (33, 33, 3), dtype=np.uint8)
    for fit in ("crop", "pad", "stretch"):
        assert np.array_equal(prepare(Image.fromarray(pixels), 33, fit), pixels.transpose(2, 0, 1))


IN_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { prepare } from "./preparation.mjs";

const specification = JSON.parse(readFileSync("preparation.json"));
const answers = JSON.parse(readFileSync(0)).map(({ pixels, width, height, fit, size }) => {
  const data = Uint8ClampedArray.from(Buffer.from(pixels, "base64"));
  return [...prepare({ data, width, height }, { fit, size }, specification)];
});
console.log(JSON.stringify(answers));
"""


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_the_page_prepares_a_photo_to_the_same_bytes(fit: str) -> None:
    random = np.random.default_rng(0)
    sizes = [(280, 280), (300, 200), (31, 90), (33, 33), (5, 3), (1, 40), (400, 3), (1, 1), (67, 66)]
    photos = [random.integers(0, 256, (height, width, 3), dtype=np.uint8) for width, height in sizes]
    asked = [
        {
            "pixels": base64.b64encode(Image.fromarray(photo).convert("RGBA").tobytes()).decode(),
            "width": photo.shape[1],
            "height": photo.shape[0],
            "fit": fit,
            "size": 33,
        }
        for photo in photos
    ]
    answers = run_node(PROJECT / "src" / "page", IN_JAVASCRIPT, asked)
    for photo, found in zip(photos, answers, strict=True):
        assert found == prepare(Image.fromarray(photo), 33, fit).ravel().tolist(), photo.shape
