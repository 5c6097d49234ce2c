"""The data is looked at before training, and all that is wrong with it is said at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from main import VERBS
from shared.cli import main
from shared.files import read_json
from src.config import PROJECT


def save_images(root: Path, classes: dict[str, int], color: bool = False) -> Path:
    """Images of noise, another for each file."""
    random = np.random.default_rng(len(str(root)))
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 256, (30, 40, 3) if color else (30, 40), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{index}.png")
    return root


def check(root: Path, *arguments: str) -> int:
    outputs = ["--output_dir", str(root.parent / "out")]
    return main(["check-data", "--data.root", str(root), *outputs, *arguments], PROJECT, VERBS, "src.config:Config")


def result(root: Path) -> dict:
    return read_json(root.parent / "out" / "check_data.json", "")


def test_own_images_are_counted_and_shown(tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"cat": 30, "dog": 20})
    assert check(root) == 0
    found = result(root)
    assert found["data"]["counts"] == {"train": 36, "validation": 4, "test": 10}
    assert found["metrics"]["test"] == {"examples": 10, "classes": {"cat": 6, "dog": 4}}
    assert found["sizes"]["width"] == {"smallest": 40, "median": 40, "largest": 40}
    assert found["warnings"] == []
    assert (root.parent / "out" / "data.png").is_file()
    assert (root.parent / "out" / "data.html").is_file()


def test_corrupt_files_and_copies_are_named(tmp_path: Path) -> None:
    root = save_images(tmp_path / "data" / "train", {"cat": 30, "dog": 20}).parent
    save_images(root / "test", {"cat": 10, "dog": 10})
    (root / "train" / "cat" / "corrupt.png").write_bytes(b"no image")
    shutil.copy(root / "train" / "dog" / "3.png", root / "test" / "dog" / "copy.png")
    assert check(root) == 0
    unreadable, copied = result(root)["warnings"]
    assert "unreadable images: 1 (" in unreadable
    assert "corrupt.png" in unreadable
    assert "a copy in another split: 1 (train/dog/3.png = test/dog/copy.png)" in copied or (
        "a copy in another split: 1 (test/dog/copy.png = train/dog/3.png)" in copied
    )


def test_all_that_is_wrong_is_said_before_the_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = save_images(tmp_path / "data" / "train", {"cat": 12, "dog": 12}).parent
    save_images(root / "test", {"cat": 10, "bird": 10})
    (root / "train" / "fish").mkdir()
    (root / "train" / "dog" / "corrupt.png").write_bytes(b"no image")
    assert check(root) == 2
    printed = capsys.readouterr()
    for words in ("class folders without images: 1 (train/fish)", "corrupt.png", "in test only: 1 (bird)"):
        assert words in printed.out
    assert printed.err.startswith("error: ")
    assert len(printed.err.strip().splitlines()) == 1
    assert result(root)["usable"] is False
    assert result(root)["refusal"] in printed.err


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({}, "error: data.root"),
        ({"cat": 12}, "holds one class only (cat)"),
        ({"cat": 12, "dog": 1}, "1 of them in the smallest class, are too few"),
    ],
)
def test_what_training_refuses_is_refused(
    classes: dict[str, int], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(save_images(tmp_path / "data", classes)) == 2
    assert message in capsys.readouterr().err


def test_settings_that_would_suit_photos_are_named(tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"cat": 20, "dog": 20}, color=True)
    assert check(root) == 0
    (warning,) = result(root)["warnings"]
    assert "images looked at are in color, but data.channels is 1" in warning
    assert check(root, "--data.channels", "3", "--data.preparation", "photo", "--data.image_size", "64") == 0
    (warning,) = result(root)["warnings"]
    assert "40 images have a side below data.image_size 64" in warning
