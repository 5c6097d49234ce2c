"""A few examples beside the exported network, which its page offers to click."""

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.data.examples import Data
from shared.data.labels import has_label, label_names
from shared.data.splits import evenly_spaced
from shared.files import write_json
from shared.serving.service import EXAMPLES_FILE

LARGEST_SIDE = 512  # pixels; pages show no more

Example = tuple[str, Sequence[bytes | str]]
"""What it shows, and its elements: files as bytes, or texts."""


def pick_examples(
    data: Data, column: str, encode: Callable[[Any], bytes | str], count: int, labeled: bool = True
) -> list[Example]:
    """`count` examples of the test split: the first one with each label, then, as without labels, evenly spaced ones.

    Args:
        encode: from an example of this column to a file that the page can read, or to a text.
    """
    test = data.splits.test
    labels = np.asarray(test["labels"]) if labeled else np.empty(0)
    every = (np.flatnonzero(has_label(labels, label))[:1].tolist() for label in range(len(data.classes) * labeled))
    first = [*dict.fromkeys(place for places in every for place in places)]
    others = np.setdiff1d(np.arange(len(test)), first).tolist()
    places = [first[one] for one in evenly_spaced(len(first), count)]
    places += [others[one] for one in evenly_spaced(len(others), count - len(places))]
    names = label_names(labels[places], data.classes) if labeled else [()] * len(places)
    return [(" | ".join(own), [encode(test[column][place])]) for own, place in zip(names, places, strict=True)]


def image_file(image: Image.Image) -> bytes:
    """The image as a WebP file, a large one scaled down: gray without loss, color at a fifth of a PNG file's bytes."""
    small = image.copy()
    small.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=90, lossless=small.mode == "L")
    return buffer.getvalue()


def input_file(channels: Any) -> bytes:
    """A network's input, uint8 [C, H, W], as a file; C is 1 or 3."""
    pixels = np.moveaxis(np.asarray(channels), 0, 2)  # [H, W, C]
    return image_file(Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))


def write_examples(folder: Path, examples: Sequence[Example]) -> None:
    """Write `examples.json`; the examples of an earlier export are replaced."""
    rows = [
        {"label": label, "texts": elements}
        if isinstance(elements[0], str)
        else {"label": label, "files": [base64.b64encode(bytes(file)).decode() for file in elements]}  # type: ignore[arg-type]
        for label, elements in examples
    ]
    write_json(folder / EXAMPLES_FILE, rows)
