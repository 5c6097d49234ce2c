"""Mistakes in what only this project has; what all projects refuse is in the contract."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.testing.contract import Refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for index in range(8):
        pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / "images" / f"{index}.png")
        mask = (pixels[:, :, 0] > 99).astype(np.uint8) * 255
        Image.fromarray(mask).save(tmp_path / "data" / "masks" / f"{index}.png")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--data.crop_hight", 64), "data.crop_height"),
        (("--data.crop_width", 100), "data.crop_width"),
        (("--data.ignore", "void"), "data.ignore"),
        (("--data.zoom", 0.5), "data.zoom"),
        (("--predict.tile", 100), "predict.tile"),
        (("--model.name", "vnet"), "small_unet"),
        (("--loss.dice", -1), "loss.dice"),
        (("--loss.dice", 0, "--loss.cross_entropy", 0), "loss"),
        (("--data.palette", "['#000000', '#ffffff']"), "data.classes"),
    ],
)
def test_a_setting_that_cannot_be_is_named(flags: tuple[object, ...], named: str, refused: Refused) -> None:
    assert named in refused("train", *flags)


def test_a_folder_of_another_layout(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data" / "cats").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "data" / "cats" / "0.png")
    message = refused("train", "--data.root", tmp_path / "data")
    assert "holds none of the known data layouts (folder, pets, sample)" in message
    message = refused("train", "--data.root", tmp_path / "data", "--data.source", "folder")
    assert "holds no images/ beside masks/" in message


def test_masks_that_are_not_there(refused: Refused, folder: Path) -> None:
    for path in (folder / "masks").iterdir():
        path.unlink()
    assert "images without a mask: 8 (images/0.png, images/1.png" in refused("train", "--data.root", folder)


def test_masks_with_unknown_values(refused: Refused, folder: Path) -> None:
    Image.fromarray(np.full((32, 32), 7, np.uint8)).save(folder / "masks" / "3.png")
    message = refused("train", "--data.root", folder, "--data.classes", "['paper', 'ink']")
    assert "masks with values that stand for no class" in message


def test_too_few_images(refused: Refused, folder: Path) -> None:
    for index in range(1, 8):
        for name in ("images", "masks"):
            (folder / name / f"{index}.png").unlink()
    assert "1 examples in 1 groups are too few" in refused("train", "--data.root", folder)


def test_predicting_an_empty_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert str(tmp_path / "nothing") in refused("predict", tmp_path / "nothing")
