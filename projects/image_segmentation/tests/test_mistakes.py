"""Mistakes in what only this project has; what all projects refuse is in the contract."""

from pathlib import Path

import pytest
from images import save_folder
from PIL import Image

from shared.testing.contract import Refused


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
    assert "known data layouts" in refused("train", "--data.root", tmp_path / "data")


def test_masks_that_cannot_be_learned_from(refused: Refused, tmp_path: Path) -> None:
    root = save_folder(tmp_path / "data", 8)
    Image.new("L", (50, 40), 7).save(root / "masks" / "000.png")
    assert "000.png" in refused("train", "--data.root", root, "--data.classes", "['paper', 'ink']")
    for path in (root / "masks").iterdir():
        path.unlink()
    assert "images without a mask: 8 (images/000.png" in refused("train", "--data.root", root)


def test_too_few_images(refused: Refused, tmp_path: Path) -> None:
    assert "too few" in refused("train", "--data.root", save_folder(tmp_path / "data", 1))
