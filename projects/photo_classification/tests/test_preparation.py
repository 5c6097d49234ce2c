"""Any image of a digit comes out as MNIST's would: white on black, in a box of 20 pixels, centered by its mass."""

import base64

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.testing.node import WHY_NOT, run_node
from src.config import PROJECT, DataConfig
from src.preparation import EmptyImageError, digit, make_preparation, photo


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
    image = digit(drawn(), 28)
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 == 12
    assert center_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.6)


def test_place_scale_and_colors_do_not_matter() -> None:
    expected = digit(drawn(), 28)
    for other in (
        drawn(at=(200, 80)),
        drawn(paper=0, ink=255),
        drawn(paper=230, ink=40),
        drawn().convert("RGB"),
        drawn().resize((600, 400), Image.Resampling.NEAREST),
    ):
        np.testing.assert_allclose(digit(other, 28), expected, atol=12)


def test_faint_texture_of_the_paper_is_no_ink() -> None:
    noise = np.random.default_rng(0).integers(-12, 12, (200, 300))
    textured = Image.fromarray((np.asarray(drawn(paper=225)).astype(int) + noise).clip(0, 255).astype(np.uint8))
    np.testing.assert_allclose(digit(textured, 28), digit(drawn(), 28), atol=40)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_image_is_said_to_be_empty(level: int) -> None:
    with pytest.raises(EmptyImageError):
        digit(Image.new("L", (50, 40), level), 28)


def test_a_image_that_is_prepared_already_stays_as_it_is() -> None:
    prepared = digit(drawn(), 28)
    np.testing.assert_array_equal(digit(Image.fromarray(prepared), 28), prepared)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2)])
def test_tiny_images_are_answered(size: tuple[int, int]) -> None:
    pixels = np.full(size[::-1], 255, np.uint8)
    pixels.flat[0] = 0
    try:
        assert digit(Image.fromarray(pixels), 28).shape == (28, 28)
    except EmptyImageError:
        assert size == (1, 1)


def test_a_photo_keeps_its_middle_square() -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    middle = np.asarray(photo(image, 32))[:, 4:-4]
    np.testing.assert_allclose(middle, np.broadcast_to((0, 0, 255), middle.shape), atol=1)


@pytest.mark.parametrize(("channels", "kind"), [(1, "digit"), (3, "digit"), (1, "photo"), (3, "photo")])
def test_the_result_has_the_shape_that_the_network_takes(channels: int, kind: str) -> None:
    prepare = make_preparation(DataConfig(channels=channels, preparation=kind, image_size=32))
    for image in (drawn(), drawn().convert("RGB")):
        prepared = prepare(image)
        assert (prepared.shape, prepared.dtype) == ((channels, 32, 32), np.uint8)


IN_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { EmptyImage, prepare } from "./preparation.mjs";

const specification = JSON.parse(readFileSync("preparation.json"));
const answers = JSON.parse(readFileSync(0)).map(({ pixels, width, height, kind, size, channels }) => {
  const data = Uint8ClampedArray.from(Buffer.from(pixels, "base64"));
  try {
    return [...prepare({ data, width, height }, { kind, size, channels }, specification)];
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
@pytest.mark.parametrize(("kind", "channels"), [("digit", 1), ("digit", 3), ("photo", 1), ("photo", 3)])
def test_the_page_prepares_a_image_to_the_same_bytes(kind: str, channels: int) -> None:
    sizes = [(280, 280), (300, 200), (31, 90), (28, 28), (5, 3), (1, 40), (1, 1)]
    images = [colored(*size, seed) for seed, size in enumerate(sizes * 3)]
    images += [
        drawn().convert("RGB"),
        Image.new("RGB", (50, 40), "white"),
        Image.fromarray(digit(drawn(), 28)).convert("RGB"),
    ]
    settings = {"kind": kind, "size": 28, "channels": channels}
    pixels = [base64.b64encode(image.convert("RGBA").tobytes()).decode() for image in images]
    asked = [
        settings | {"pixels": rgba, "width": image.width, "height": image.height}
        for rgba, image in zip(pixels, images, strict=True)
    ]
    answers = run_node(PROJECT / "src" / "page", IN_JAVASCRIPT, asked)
    prepare = make_preparation(DataConfig(channels=channels, preparation=kind))
    for image, found in zip(images, answers, strict=True):
        try:
            expected: object = prepare(image).ravel().tolist()
        except EmptyImageError:
            expected = "empty"
        assert found == expected, image.size
