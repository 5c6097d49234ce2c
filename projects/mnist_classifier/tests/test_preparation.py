"""Any image of a digit comes out as MNIST's would: white on black, in a box of 20 pixels, centered by its mass."""

import base64

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.testing.node import WHY_NOT, run_node
from src.config import PROJECT
from src.preparation import EmptyImageError, prepare


def drawn(
    size: tuple[int, int] = (300, 200), paper: int = 255, ink: int = 0, at: tuple[int, int] = (40, 30)
) -> Image.Image:
    """An L-shaped stroke, 60 wide and 100 high."""
    image = Image.new("L", size, paper)
    pen = ImageDraw.Draw(image)
    x, y = at
    pen.rectangle((x, y, x + 15, y + 99), fill=ink)
    pen.rectangle((x, y + 85, x + 59, y + 99), fill=ink)
    return image


def center_of_mass(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def test_the_ink_fills_the_box_and_lies_in_the_middle() -> None:
    image = prepare(drawn(), 28)
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 == 12
    assert center_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.6)


def test_place_scale_and_colors_do_not_matter() -> None:
    expected = prepare(drawn(), 28)
    for other in (
        drawn(at=(200, 80)),
        drawn(paper=0, ink=255),
        drawn(paper=230, ink=40),
        drawn().convert("RGB"),
        drawn().resize((600, 400), Image.Resampling.NEAREST),
    ):
        np.testing.assert_allclose(prepare(other, 28), expected, atol=12)


def test_faint_texture_of_the_paper_is_no_ink() -> None:
    noise = np.random.default_rng(0).integers(-12, 12, (200, 300))
    textured = Image.fromarray((np.asarray(drawn(paper=225)).astype(int) + noise).clip(0, 255).astype(np.uint8))
    np.testing.assert_allclose(prepare(textured, 28), prepare(drawn(), 28), atol=40)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_image_is_said_to_be_empty(level: int) -> None:
    with pytest.raises(EmptyImageError):
        prepare(Image.new("L", (50, 40), level), 28)


def test_an_image_that_is_prepared_already_stays_as_it_is() -> None:
    prepared = prepare(drawn(), 28)
    np.testing.assert_array_equal(prepare(Image.fromarray(prepared), 28), prepared)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2)])
def test_tiny_images_are_answered(size: tuple[int, int]) -> None:
    pixels = np.full(size[::-1], 255, np.uint8)
    pixels.flat[0] = 0
    try:
        assert prepare(Image.fromarray(pixels), 28).shape == (28, 28)
    except EmptyImageError:
        assert size == (1, 1)


IN_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { EmptyImage, prepare } from "./preparation.mjs";

const specification = JSON.parse(readFileSync("preparation.json"));
const answers = JSON.parse(readFileSync(0)).map(({ pixels, width, height }) => {
  const data = Uint8ClampedArray.from(Buffer.from(pixels, "base64"));
  try {
    return [...prepare({ data, width, height }, 28, specification)];
  } catch (error) {
    if (error instanceof EmptyImage) return "empty";
    throw error;
  }
});
console.log(JSON.stringify(answers));
"""


def colored(width: int, height: int, seed: int) -> Image.Image:
    """Strokes of any colors on paper of any color."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), tuple(random.integers(0, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(3):
        points = random.uniform(0, 1, (4, 2)) * (width, height)
        color = tuple(random.integers(0, 256, 3).tolist())
        pen.line([tuple(point) for point in points.tolist()], fill=color, width=int(random.integers(1, 20)))
    return image


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_page_prepares_an_image_to_the_same_bytes() -> None:
    sizes = [(280, 280), (300, 200), (31, 90), (28, 28), (5, 3), (1, 40), (1, 1)]
    images = [colored(*size, seed) for seed, size in enumerate(sizes * 3)]
    images += [
        drawn().convert("RGB"),
        Image.new("RGB", (50, 40), "white"),
        Image.fromarray(prepare(drawn(), 28)).convert("RGB"),
    ]
    pixels = [base64.b64encode(image.convert("RGBA").tobytes()).decode() for image in images]
    asked = [
        {"pixels": rgba, "width": image.width, "height": image.height}
        for rgba, image in zip(pixels, images, strict=True)
    ]
    answers = run_node(PROJECT / "src" / "page", IN_JAVASCRIPT, asked)
    for image, found in zip(images, answers, strict=True):
        try:
            expected: object = prepare(image, 28).ravel().tolist()
        except EmptyImageError:
            expected = "empty"
        assert found == expected, image.size
