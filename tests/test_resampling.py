"""Pages resample images that keep their shape as Pillow does, to the same bytes."""

import numpy as np
import pytest
from PIL import Image

from shared.serving.pages import COMMON
from shared.testing.node import WHY_NOT, run_node

SIZES = [(75, 50), (40, 27), (15, 10), (1, 1), (200, 133), (150, 100)]
CODE = """
import { readFileSync } from "node:fs";
import * as resampling from "./resampling.mjs";

const { pixels, width, height, sizes, filter } = JSON.parse(readFileSync(0));
const [bytes, box] = [Uint8Array.from(pixels), [0, 0, width, height]];
const resized = sizes.map(([columns, rows]) => [
  ...resampling.resize(bytes, width, height, columns, rows, box, resampling[filter]),
]);
console.log(JSON.stringify(resized));
"""


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("name", ["lanczos", "bilinear"])
def test_a_page_resizes_to_pillows_bytes(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 150), dtype=np.uint8)
    question = {"pixels": pixels.ravel().tolist(), "width": 150, "height": 100, "sizes": SIZES, "filter": name}
    for size, found in zip(SIZES, run_node(COMMON, CODE, question), strict=True):
        expected = Image.fromarray(pixels).resize(size, Image.Resampling[name.upper()])
        np.testing.assert_array_equal(np.array(found).reshape(size[::-1]), np.asarray(expected))
