"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from main import VERBS
from shared.cli import main
from src.config import PROJECT, Config

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Runs a command line that must fail, and gives its one sentence."""

    def run(verb: str, *arguments: object, output_dir: Path = tmp_path / "out") -> str:
        # Which data is read by default is the owner's choice, in configs/config.yaml.
        words = [verb, "--data.source", "auto", *map(str, arguments)]
        words += ["--output_dir", str(output_dir), "--log_dir", str(tmp_path / "logs")]
        assert main(words, PROJECT, VERBS, "src.config:Config") == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert lines[0].endswith((".", "?"))
        assert not output_dir.is_dir() or not any(path.is_file() for path in output_dir.rglob("*.json"))
        return lines[0]

    return run


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


def test_a_misspelled_setting(refused: Refused) -> None:
    assert "unknown key data.crop_hight in the command line; did you mean data.crop_height?" in refused(
        "train", "--data.crop_hight", 64
    )


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("data.crop_width", 100, "data.crop_width is 100, but must be a multiple of 32."),
        ("data.ignore", "void", "data.ignore is 'void', but must be a whole number, or a color where"),
        ("data.zoom", 0.5, "data.zoom is 0.5, but must be at least 1."),
        ("predict.tile", 100, "predict.tile is 100, but must be a multiple of 32."),
        ("model.name", "vnet", "model.name is 'vnet', but must be one of small_unet, unet"),
        ("loss.dice", -1, "loss.dice is -1.0, but must be at least 0."),
    ],
)
def test_a_value_out_of_range(setting: str, value: object, expected: str, refused: Refused) -> None:
    assert expected in refused("train", f"--{setting}", value)


def test_no_loss_at_all(refused: Refused) -> None:
    assert "must be at least one loss above 0" in refused("train", "--loss.dice", 0, "--loss.cross_entropy", 0)


def test_a_palette_without_its_classes(refused: Refused) -> None:
    assert "but must be as long as data.classes" in refused("train", "--data.palette", "['#000000', '#ffffff']")


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
    assert "masks with values that stand for no class: 8" in message or "3.png: 7" in message


def test_too_few_images(refused: Refused, folder: Path) -> None:
    for index in range(1, 8):
        for name in ("images", "masks"):
            (folder / name / f"{index}.png").unlink()
    assert "1 examples in 1 groups are too few" in refused("train", "--data.root", folder)


def test_an_output_folder_that_cannot_be_written(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot write" in refused("train", "--data.source", "sample", output_dir=tmp_path / "file" / "outputs")


@pytest.mark.parametrize("verb", ["evaluate", "export", "report"])
def test_before_any_training(verb: str, refused: Refused) -> None:
    assert "there is no checkpoint" in refused(verb)


def test_predicting_before_any_export(refused: Refused, folder: Path) -> None:
    assert "run `python main.py export` first" in refused("predict", folder / "images" / "0.png")


def test_predicting_what_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file or folder" in refused("predict", tmp_path / "none.png")
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refused("predict", tmp_path / "nothing")


def test_a_checkpoint_of_another_network(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "--output_dir", str(trained.output_dir), "--model.name", "fpn"]
    assert main(arguments, PROJECT, VERBS, "src.config:Config") == 2
    assert "belongs to another network" in capsys.readouterr().err
