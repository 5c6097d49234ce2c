"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from main import VERBS
from shared.cli import main
from shared.testing.contract import Refused
from src.config import PROJECT


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(str(path)))
    Image.fromarray(random.integers(0, 256, (28, 28), dtype=np.uint8)).save(path)


def test_a_value_out_of_range(refused: Refused) -> None:
    assert "data.channels is '2', but must be one of 1, 3." in refused("train", "--data.channels", 2)


def test_an_empty_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    message = refused("train", "--data.source", "folder", "--data.root", tmp_path / "data")
    assert "holds no class folders; put images into" in message


def test_a_folder_of_one_class(refused: Refused, tmp_path: Path) -> None:
    image(tmp_path / "data" / "cat" / "0.png")
    assert "holds one class only (cat)" in refused("train", "--data.root", tmp_path / "data")


def test_a_class_of_unreadable_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in range(20):
        image(tmp_path / "data" / "cat" / f"{index}.png")
    (tmp_path / "data" / "dog").mkdir()
    (tmp_path / "data" / "dog" / "0.png").write_bytes(b"no image")
    arguments = ["train", "--data.root", str(tmp_path / "data"), "--output_dir", str(tmp_path / "out")]
    assert main(arguments, PROJECT, VERBS, "src.config:Config") == 2
    message = capsys.readouterr().err
    assert "left out of 21 images: unreadable images: 1 (" in message
    assert message.strip().splitlines()[-1].startswith("error: no image can be read of dog; replace")


def test_too_few_images(refused: Refused, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        image(tmp_path / "data" / name / "0.png")
    assert "2 examples, 1 of them in the smallest class, are too few" in refused(
        "train", "--data.root", tmp_path / "data"
    )


def test_a_damaged_download(refused: Refused, tmp_path: Path) -> None:
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{name}-ubyte.gz").write_bytes(b"half a file")
    message = refused("train", "--data.root", tmp_path / "data")
    assert "train-images-idx3-ubyte.gz is damaged" in message
    assert "delete it, so that it is downloaded again." in message


def test_flat_images_without_class_folders(refused: Refused, tmp_path: Path) -> None:
    image(tmp_path / "data" / "0.png")
    assert "holds none of the known data layouts (folder, mnist, sample)" in refused(
        "train", "--data.root", tmp_path / "data"
    )


def test_predicting_what_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file or folder" in refused("predict", tmp_path / "none.png")
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refused("predict", tmp_path / "nothing")
