"""From any image of ink on paper to the network's input.

`prepare` follows the preparation of MNIST as its page states it (http://yann.lecun.com/exdb/mnist): the ink is scaled
into a box of 20x20 pixels, aspect ratio kept, and its center of mass is put into the middle of 28x28 pixels.
The page does the same in JavaScript (page/preparation.mjs), to the same bytes; the constants of both are in
page/preparation.json.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from shared.data.folders import Decoded
from shared.data.images import UnreadableImageError, read_image, scaled, size_of
from shared.files import read_json

SPECIFICATION = read_json(Path(__file__).with_name("page") / "preparation.json", "put the file back")
BOX = SPECIFICATION["box"]  # the share of the side that the ink fills
MIN_CONTRAST = SPECIFICATION["min_contrast"]  # gray levels between paper and ink; blank scans stay well below
INK_THRESHOLD = SPECIFICATION["ink_threshold"]  # of the darkest ink; below it is paper texture and shadow
BRIGHT_PAPER_ABOVE = SPECIFICATION["bright_paper_above"]  # gray level; darker paper carries bright ink
COLORFUL = 3  # levels that hues deviate from a line through gray: one ink's reach 2.5, most photos' more than 5
PLAIN_BORDER = 0.75  # the share of the border that is paper around a digit; photos have all kinds of levels there
PHOTO = "images that look like photographs, which the photo classification project is for"


class EmptyImageError(UnreadableImageError):
    """There is no ink in the image."""

    problem = "{nouns} without ink"
    remedy = "remove them, or use the photo classification project, which keeps every image"


def read_file(path: Path, *, image_size: int, value_range: Sequence[float]) -> Decoded:
    """An image file as the network's input, uint8 [1, size, size]; with its width and height, and whether it suits."""
    image = read_image(path, value_range=value_range)
    return Decoded(prepare(image, image_size)[None], size_of(image.size), [PHOTO] * looks_like_photo(image))


def looks_like_photo(image: Image.Image) -> bool:
    """Whether an image has no plain paper at its border, or other hues than that of one ink on tinted paper."""
    pixels = np.asarray(image.convert("RGB"))  # [H, W, 3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    plain = (np.abs(border - np.median(border, axis=0)).max(1) < MIN_CONTRAST).mean()
    step = max(1, min(image.size) // 64)  # some of the pixels tell as much as all, and sooner
    some = pixels[::step, ::step].reshape(-1, 3)
    _, beside, _ = np.linalg.eigvalsh(np.cov((some - some.mean(1, keepdims=True)).T, ddof=0))  # variances of the hues
    return bool(plain < PLAIN_BORDER or beside > COLORFUL**2)


def prepare(image: Image.Image, size: int) -> np.ndarray:
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
