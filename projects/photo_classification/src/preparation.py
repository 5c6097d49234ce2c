"""From any photo to the network's square input.

The page does the same in JavaScript (page/preparation.mjs), to the same bytes; the color of the bars beside a photo
that is not square is in page/preparation.json for both.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from shared.data.folders import Decoded
from shared.data.images import as_rgb, read_image, scaled, size_of
from shared.files import read_json

PAD = read_json(Path(__file__).with_name("page") / "preparation.json", "put the file back")["pad"]  # gray level


def read_file(path: Path, *, image_size: int, fit: str, value_range: Sequence[float]) -> Decoded:
    """A photo's file as the network's input (see `prepare`); with its width and height."""
    image = read_image(path, value_range=value_range)
    return Decoded(prepare(image, image_size, fit), size_of(image.size))


def prepare(image: Image.Image, size: int, fit: str) -> np.ndarray:
    """The network's input, uint8 [3, size, size].

    Args:
        image: decoded and upright, in gray or color.
        fit: see `DataConfig.fit`.
    """
    image = as_rgb(image)
    width, height = image.size
    if fit == "stretch":
        square = scaled(image, size, size, (0, 0, width, height))
    elif fit == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        square = scaled(image, size, size, (left, top, left + side, top + side))
    else:
        columns, rows = (max(1, round(size * side / max(width, height))) for side in (width, height))
        square = Image.new("RGB", (size, size), (PAD, PAD, PAD))
        square.paste(scaled(image, columns, rows, (0, 0, width, height)), ((size - columns) // 2, (size - rows) // 2))
    return np.asarray(square).transpose(2, 0, 1)
