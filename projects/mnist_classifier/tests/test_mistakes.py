"""Mistakes in what only this project has; what all projects refuse is in the contract."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.testing.contract import Refused


@pytest.mark.parametrize(("flag", "value"), [("--data.image_size", 27), ("--data.shift", 28)])
def test_a_setting_that_cannot_be_is_named(flag: str, value: int, refused: Refused) -> None:
    assert f"{flag[2:]} is " in refused("train", flag, value)


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ([], "holds no class folders"),
        (["0.png"], "known data layouts"),
        (["cat/0.png"], "one class only (cat)"),
        (["cat/0.png", "dog/0.png"], "classes with a single example left"),
    ],
)
def test_a_folder_that_cannot_be_learned_from(files: list[str], named: str, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in files:
        (tmp_path / "data" / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / "data" / name)
    source = "auto" if files else "folder"
    assert named in refused("train", "--data.source", source, "--data.root", tmp_path / "data")
