"""From any image to the network's input.

`digit` follows the preparation of MNIST as its page states it (http://yann.lecun.com/exdb/mnist): the ink is scaled
into a box of 20x20 pixels, aspect ratio kept, and its center of mass is put into the middle of 28x28 pixels.
The page does the same in JavaScript (page/preparation.mjs), to the same bytes; the constants of both are in
page/preparation.json.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from shared.console import log
from shared.data.folders import Decoded
from shared.data.images import UnreadableImageError, read_image, scaled, size_of
from shared.data.splits import evenly_spaced
from shared.data.value_range import measure_range
from shared.files import read_json

SPECIFICATION = read_json(Path(__file__).with_name("page") / "preparation.json", "put the file back")
BOX = SPECIFICATION["box"]  # the share of the side that the ink fills
MIN_CONTRAST = SPECIFICATION["min_contrast"]  # gray levels between paper and ink; blank scans stay well below
INK_THRESHOLD = SPECIFICATION["ink_threshold"]  # of the darkest ink; below it is paper texture and shadow
BRIGHT_PAPER_ABOVE = SPECIFICATION["bright_paper_above"]  # gray level; darker paper carries bright ink


COLORFUL = 12
"""An image counts as color if its channels differ by more than this many levels on average; tinted paper has less."""
PLAIN_BORDER = 0.75
"""The share of the border that is paper around a digit; photos have all kinds of levels there."""
LOOKED_AT = 100
"""Evenly spaced images stand for all of them."""


class EmptyImageError(UnreadableImageError):
    """There is no ink in the image."""

    problem = "{nouns} without ink"
    remedy = "remove them, or use --data.preparation photo, which keeps every image"


def read_file(path: Path, *, preparation: str, image_size: int, channels: int, value_range: Sequence[float]) -> Decoded:
    """An image file as the network's input (see `prepare`); with its width and height."""
    image = read_image(path, value_range=value_range)
    return Decoded(prepare(image, preparation, image_size, channels), size_of(image.size))


def prepare(image: Image.Image, preparation: str, size: int, channels: int) -> np.ndarray:
    """A decoded image as the network's input, uint8 [channels, size, size].

    Raises:
        EmptyImageError: there is no ink in it, which only the preparation `digit` needs.
    """
    if preparation == "photo":
        square = photo(image, size).convert("L" if channels == 1 else "RGB")
        return np.atleast_3d(np.asarray(square)).transpose(2, 0, 1)
    return digit(image, size)[None].repeat(channels, 0)


def settle(
    preparation: Literal["auto", "digit", "photo"], value_range: Sequence[float], files: Sequence[Path]
) -> dict[str, Any]:
    """What `auto` and an empty range mean for these files."""
    value_range = measure_range(files, value_range)
    return {
        "preparation": choose_preparation(files, value_range) if preparation == "auto" else preparation,
        "value_range": value_range,
    }


def choose_preparation(files: Sequence[Path], value_range: Sequence[float]) -> Literal["digit", "photo"]:
    """What `auto` means for these images: `photo` where most of them look like photos (see `looks_like_photo`)."""
    chosen = [files[index] for index in evenly_spaced(len(files), LOOKED_AT)]
    found = []
    for path in chosen:
        with suppress(UnreadableImageError):  # it is named where all are read
            found.append(looks_like_photo(read_image(path, value_range=value_range)))
    if 2 * sum(found) <= len(found):
        return "digit"
    log.warning(
        f"{sum(found)} of {len(found)} images look like photographs, so data.preparation is photo: they are scaled as "
        "they are; --data.channels 3 --data.image_size 64 shows the network more of them, --data.preparation digit "
        "takes them for ink on paper."
    )
    return "photo"


def looks_like_photo(image: Image.Image) -> bool:
    """Whether an image is in color, the paper's tint aside, or has no plain paper at its border."""
    pixels = np.atleast_3d(np.asarray(image)).astype(np.int16)  # [H, W, 1 or 3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = np.median(border, axis=0)  # [1 or 3]
    plain = (np.abs(border - paper).max(1) < MIN_CONTRAST).mean()
    return bool(plain < PLAIN_BORDER or is_colorful(pixels - paper))


def is_colorful(pixels: np.ndarray) -> bool:
    """Whether pixels, [H, W] or [H, W, 3], are in color (see `COLORFUL`)."""
    return pixels.ndim == 3 and float(np.ptp(pixels.astype(np.float32), axis=2).mean()) > COLORFUL


def displayed(prepared: np.ndarray) -> np.ndarray:
    """A prepared image, [C, H, W], as plots show it: [H, W] in gray, or [H, W, 3]."""
    return prepared[0] if len(prepared) == 1 else prepared.transpose(1, 2, 0)


def photo(image: Image.Image, size: int) -> Image.Image:
    """The middle square, scaled to `size` with antialiasing."""
    side = min(image.size)
    left, top = ((length - side) / 2 for length in image.size)
    return scaled(image, size, size, (left, top, left + side, top + side))


def digit(image: Image.Image, size: int) -> np.ndarray:
    """White ink on black, in MNIST's box and position; an image that has the size and a black border stays as it is.

    Returns:
        uint8, shape [size, size].

    Raises:
        EmptyImageError: paper and ink differ by less than `MIN_CONTRAST` gray levels.
    """
    gray = np.asarray(image if image.mode == "L" else image.convert("L"), dtype=np.float32)
    paper = _median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]))
    ink = paper - gray if paper > BRIGHT_PAPER_ABOVE else gray - paper
    if ink.max() < MIN_CONTRAST:
        raise EmptyImageError("no ink in it")
    if gray.shape == (size, size) and paper == 0:
        return gray.astype(np.uint8)
    ink = ink.clip(0) / ink.max()
    ink[ink < INK_THRESHOLD] = 0
    return _centered(_in_box(ink, round(size * BOX)), size)


def _median(values: np.ndarray) -> float:
    """The median; NumPy's takes longer for a few values than the rest of the preparation of a small image."""
    values = np.sort(values)
    return float(values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def _in_box(ink: np.ndarray, box: int) -> np.ndarray:
    """Crop to the ink and scale its longer side to `box` pixels."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = box / max(cropped.shape)
    height, width = (max(1, round(side * scale)) for side in cropped.shape)
    image = Image.fromarray((cropped * 255).astype(np.uint8))
    return np.asarray(scaled(image, width, height, (0, 0, *image.size)))


def _centered(ink: np.ndarray, size: int) -> np.ndarray:
    """Put the ink on black so that its center of mass is the middle, as far as it fits."""
    height, width = ink.shape
    mass = int(ink.sum(dtype=np.int64))  # whole numbers up to the division, so that every language gets the same
    row = int((ink.sum(1, dtype=np.int64) * np.arange(height)).sum()) / mass
    column = int((ink.sum(0, dtype=np.int64) * np.arange(width)).sum()) / mass
    top = int(np.clip(round((size - 1) / 2 - row), 0, size - height))
    left = int(np.clip(round((size - 1) / 2 - column), 0, size - width))
    canvas = np.zeros((size, size), dtype=np.uint8)
    canvas[top : top + height, left : left + width] = ink
    return canvas
