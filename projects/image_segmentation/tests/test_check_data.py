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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty images whose masks hold 0, a little 1, and the ignored 255."""
    random = np.random.default_rng(0)
    for index in range(20):
        for name in ("images", "masks"):
            (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / "images" / f"{index:02d}.png")
        mask = np.zeros((40, 50), np.uint8)
        mask[0, :10], mask[-1] = 1, 255
        Image.fromarray(mask).save(tmp_path / "data" / "masks" / f"{index:02d}.png")
    return tmp_path / "data"


def check(root: Path, *arguments: str) -> int:
    outputs = ["--output_dir", str(root.parent / "out")]
    return main(["check-data", "--data.root", str(root), *outputs, *arguments], PROJECT, VERBS, "src.config:Config")


def result(root: Path) -> dict:
    return read_json(root.parent / "out" / "check_data.json", "")


def test_own_images_and_the_shares_of_their_classes_are_counted(folder: Path) -> None:
    assert check(folder) == 0
    found = result(folder)
    assert found["data"]["counts"] == {"train": 14, "validation": 2, "test": 4}
    assert found["metrics"]["test"]["classes"] == {"class 0": 4, "class 1": 4}
    assert found["sizes"]["height"]["median"] == 40
    assert found["pixel_shares"]["train"]["class 1"] == pytest.approx(10 / (39 * 50))
    (rare,) = found["warnings"]
    assert "less than 2% of the training pixels: 1 (class 1 0.51%); try --training.class_weights" in rare
    assert (folder.parent / "out" / "data.png").is_file()


def test_what_does_not_fit_is_named_and_refused_unless_it_may_be_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "masks" / "03.png").unlink()
    (folder / "images" / "05.png").write_bytes(b"no image")
    shutil.copy(folder / "images" / "07.png", folder / "images" / "08.png")
    assert check(folder) == 2
    printed = capsys.readouterr()
    assert "a copy in " in printed.out
    error = printed.err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    for words in (
        "images without a mask: 1 (images/03.png)",
        "unreadable images: 1 (05.png",
        "--data.broken leave_out.",
    ):
        assert words in error
    assert result(folder)["usable"] is False
    assert sum(result(folder)["data"]["counts"].values()) == 18
    assert check(folder, "--data.broken", "leave_out") == 0
    assert result(folder)["usable"] is True


def test_the_refusal_is_trainings_own_where_too_little_is_left_without_what_is_broken(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((folder / "masks").iterdir())[2:]:
        Image.new("L", (5, 5)).save(path)
    assert check(folder) == 2
    assert "images whose mask has another size: 18" in capsys.readouterr().err


def test_images_are_looked_at_where_their_masks_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (50, 40), "orange").save(folder / "masks" / "00.png")
    (folder / "images" / "05.png").write_bytes(b"no image")
    assert check(folder) == 2
    printed = capsys.readouterr()
    assert "unreadable images: 1 (images/05.png" in printed.out
    assert "00.png has colors; say which stands for which class" in printed.err
    assert result(folder)["data"]["counts"] == {"whole": 19}


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    assert check(tmp_path / "data", "--data.source", "folder") == 2
    assert "holds no images/ beside masks/" in capsys.readouterr().err
    assert not (tmp_path / "out" / "check_data.json").exists()
