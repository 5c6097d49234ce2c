"""The examples that an export puts beside its network: from the test split, one a class."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.data.examples import Data, Examples
from shared.data.splits import Splits
from shared.export.examples import LARGEST_SIDE, image_file, pick_examples, write_examples
from shared.serving.service import EXAMPLES_FILE


def data_of(labels: list[int]) -> Data:
    """Texts that name their split and place."""
    splits = [
        Examples({"texts": [f"{name} {index}" for index in range(len(labels))], "labels": np.array(labels)}, labels)  # type: ignore[arg-type]
        for name in ("train", "validation", "test")
    ]
    record: Any = None
    return Data(Splits(*splits), ["a", "b", "c", "d"], record)


def test_they_are_the_first_of_evenly_spaced_classes_of_the_test_split_then_others() -> None:
    data = data_of([3, 3, 0, 1, 0, 2])
    assert pick_examples(data, "texts", str, 2) == [("a", ["test 2"]), ("d", ["test 0"])]
    every = [("a", ["test 2"]), ("b", ["test 3"]), ("c", ["test 5"]), ("d", ["test 0"])]
    assert pick_examples(data, "texts", str, 4) == every
    assert pick_examples(data, "texts", str, 9) == [*every, ("d", ["test 1"]), ("a", ["test 4"])]
    assert pick_examples(data, "texts", str, 0) == []
    assert pick_examples(data, "texts", str, 2, labeled=False) == [("", ["test 0"]), ("", ["test 5"])]


def test_files_and_texts_are_written_and_large_images_scaled_down(tmp_path: Path) -> None:
    image = Image.new("RGB", (2 * LARGEST_SIDE, 100), "red")
    write_examples(tmp_path, [("a", [image_file(image)] * 2), ("b", ["a text"])])
    first, second = json.loads((tmp_path / EXAMPLES_FILE).read_text())
    assert second == {"label": "b", "texts": ["a text"]}
    assert [Image.open(io.BytesIO(base64.b64decode(file))).size for file in first["files"]] == [(LARGEST_SIDE, 50)] * 2
