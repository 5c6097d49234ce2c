"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

import os
import subprocess
import sys
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


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(str(path)))
    Image.fromarray(random.integers(0, 256, (28, 28), dtype=np.uint8)).save(path)


def test_an_unknown_verb(refused: Refused) -> None:
    assert "there is no verb 'trian'; did you mean train?" in refused("trian")


def test_a_misspelled_setting(refused: Refused) -> None:
    assert "unknown key training.epoch in the command line; did you mean training.epochs?" in refused(
        "train", "--training.epoch", 3
    )


def test_a_wrong_type(refused: Refused) -> None:
    assert "training.epochs is 'three', but must be a whole number." in refused("train", "--training.epochs", "three")


def test_a_value_out_of_range(refused: Refused) -> None:
    assert "data.channels is '2', but must be one of 1, 3." in refused("train", "--data.channels", 2)


def test_a_mistake_in_a_configuration_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("trainig:\n  epochs: 3\n")
    assert "unknown key trainig.epochs in" in refused("train", "--config", tmp_path / "mine.yaml")


def test_a_folder_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "typo does not exist" in refused("train", "--data.root", tmp_path / "typo")


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


def test_an_output_folder_that_cannot_be_written(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refused("train", "--data.source", "sample", output_dir=tmp_path / "file" / "outputs")
    assert "cannot write" in message


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    assert "Permission denied" in refused("train", "--data.source", "sample", output_dir=tmp_path / "locked" / "out")


@pytest.mark.parametrize("verb", ["evaluate", "export", "report"])
def test_before_any_training(verb: str, refused: Refused) -> None:
    assert "there is no checkpoint" in refused(verb)


def test_predicting_before_any_export(refused: Refused, tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    assert "run `python main.py export` first" in refused("predict", tmp_path / "a.png")


def test_predicting_what_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file or folder" in refused("predict", tmp_path / "none.png")
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refused("predict", tmp_path / "nothing")


def test_a_checkpoint_of_another_network(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "--output_dir", str(trained.output_dir), "--model.name", "mlp"]
    assert main(arguments, PROJECT, VERBS, "src.config:Config") == 2
    assert "belongs to another network" in capsys.readouterr().err


def test_a_mistake_in_a_process_of_its_own_shows_no_stack_trace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "train", "--trainig.epochs", "3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr == "error: unknown key trainig.epochs in the command line; did you mean training.epochs?\n"
    assert done.stdout == ""
