"""What the pages of all projects share, in Node."""

import io

import numpy as np
import pytest
from PIL import Image

from shared.data.images import scaled
from shared.serving.pages import COMMON
from shared.testing.node import WHY_NOT, run_node

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

OVERTAKEN = """
import { readFileSync } from "node:fs";
import { latest } from "./common.mjs";

readFileSync(0);
const after = (milliseconds, value) => new Promise((resolve) => setTimeout(resolve, milliseconds, value));
const failing = after(20).then(() => { throw new Error("too late to matter"); });
const asked = [latest("a", after(30, 1)), latest("a", failing), latest("a", after(10, 3)), latest("b", after(40, 4))];
console.log(JSON.stringify(await Promise.all(asked)));
"""
SIZES = [(75, 50), (40, 27), (15, 10), (1, 1), (200, 133), (150, 100)]
RESIZED = """
import { readFileSync } from "node:fs";
import * as resampling from "./resampling.mjs";

const { pixels, width, height, sizes, filter } = JSON.parse(readFileSync(0));
const [bytes, box] = [Uint8Array.from(pixels), [0, 0, width, height]];
const resized = sizes.map(([columns, rows]) => [
  ...resampling.resize(bytes, width, height, columns, rows, box, resampling[filter]),
]);
console.log(JSON.stringify(resized));
"""


SCALED = """
import { readFileSync } from "node:fs";
import { scaled } from "./resampling.mjs";

const { pixels, width, height, asked } = JSON.parse(readFileSync(0));
const bytes = Uint8Array.from(pixels);
console.log(JSON.stringify(asked.map(([columns, rows, box]) => [...scaled(bytes, width, height, columns, rows, box)])));
"""

DEEP = """
import { readFileSync } from "node:fs";
import { isDeep } from "./common.mjs";

const files = JSON.parse(readFileSync(0)).map((bytes) => new Blob([Uint8Array.from(bytes)]));
console.log(JSON.stringify(await Promise.all(files.map(isDeep))));
"""


def test_images_that_a_browser_would_reduce_are_known() -> None:
    kinds = [np.uint8, np.uint16, np.uint16]
    files = []
    for kind, form in zip(kinds, ("PNG", "PNG", "TIFF"), strict=True):
        Image.fromarray(np.zeros((3, 4), kind)).save(buffer := io.BytesIO(), form)
        files.append(list(buffer.getvalue()))
    assert run_node(COMMON, DEEP, files) == [False, True, False]


def test_a_prediction_or_a_mistake_that_is_overtaken_is_not_shown() -> None:
    assert run_node(COMMON, OVERTAKEN, {}) == [None, None, 3, 4]


@pytest.mark.parametrize("name", ["lanczos", "bilinear"])
def test_a_page_resizes_images_that_keep_their_shape_to_pillows_bytes(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 150), dtype=np.uint8)
    question = {"pixels": pixels.ravel().tolist(), "width": 150, "height": 100, "sizes": SIZES, "filter": name}
    for size, found in zip(SIZES, run_node(COMMON, RESIZED, question), strict=True):
        expected = Image.fromarray(pixels).resize(size, Image.Resampling[name.upper()])
        np.testing.assert_array_equal(np.array(found).reshape(size[::-1]), np.asarray(expected))


def test_a_page_scales_large_images_to_the_bytes_of_the_other_verbs() -> None:
    """By whole and broken numbers of blocks, of the whole image and of a part."""
    pixels = np.random.default_rng(0).integers(0, 256, (331, 500), dtype=np.uint8)
    whole, middle = (0, 0, 500, 331), (84.5, 0, 415.5, 331)
    asked = [(64, 42, whole), (224, 148, whole), (80, 60, whole), (5, 200, whole), (64, 64, middle), (17, 17, middle)]
    question = {"pixels": pixels.ravel().tolist(), "width": 500, "height": 331, "asked": asked}
    for (width, height, box), found in zip(asked, run_node(COMMON, SCALED, question), strict=True):
        expected = scaled(Image.fromarray(pixels), width, height, box)
        np.testing.assert_array_equal(np.array(found).reshape(height, width), np.asarray(expected))
