"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage.data import astronaut

from main import VERBS
from shared.cli import main
from src.config import PROJECT

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Runs a command line that must fail, and gives its one sentence."""

    def run(verb: str, *arguments: object) -> str:
        places = {"output_dir": "out", "log_dir": "logs", "data.processed": "processed", "gallery.file": "g.sqlite"}
        flags = [word for name, place in places.items() for word in (f"--{name}", str(tmp_path / place))]
        # Which data is read by default is the owner's choice, in configs/config.yaml.
        words = [verb, "--data.source", "auto", *map(str, arguments), *flags]
        assert main(words, PROJECT, VERBS, "src.config:Config") == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert lines[0].endswith((".", "?"))
        return lines[0]

    return run


def test_a_misspelled_setting(refused: Refused) -> None:
    assert "unknown key detector.min_fase in the command line; did you mean detector.min_face?" in refused(
        "train", "--detector.min_fase", 3
    )


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--model.name", "resnet", "model.name is 'resnet', but must be one of dlib_resnet"),
        ("--detector.min_face", 5, "detector.min_face is 5, but must be at least 20."),
        ("--loss.margin", 0, "loss.margin is 0.0, but must be above 0 and below 3."),
        ("--decision.false_accept", 1, "decision.false_accept is 1.0, but must be above 0 and below 1."),
        ("--data.photos_per_person", 1, "data.photos_per_person is 1, but must be at least 2."),
    ],
)
def test_a_value_out_of_range(refused: Refused, flag: str, value: object, message: str) -> None:
    assert message in refused("train", flag, value)


def test_a_folder_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "typo does not exist" in refused("train", "--data.root", tmp_path / "typo")


def test_photos_that_lie_in_no_persons_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Image.new("RGB", (50, 50)).save(tmp_path / "data" / "photo.jpg")
    assert "holds none of the known data layouts (lfw, folder, sample)" in refused(
        "train", "--data.root", tmp_path / "data"
    )


def test_too_few_people(refused: Refused, tmp_path: Path) -> None:
    for name in ("Ann", "Bo"):
        (tmp_path / "data" / name).mkdir(parents=True)
        Image.fromarray(astronaut()).save(tmp_path / "data" / name / "1.jpg")
    assert "2 examples in 2 groups are too few" in refused("train", "--data.root", tmp_path / "data")


@pytest.mark.parametrize("verb", ["evaluate", "export", "report", "calibrate"])
def test_before_any_training(verb: str, refused: Refused) -> None:
    assert "there is no checkpoint" in refused(verb)


@pytest.mark.parametrize("words", [("predict", "a.png"), ("verify", "a.png", "a.png"), ("identify", "a.png")])
def test_before_any_export(words: tuple[str, ...], refused: Refused, tmp_path: Path) -> None:
    verb, *names = words
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    assert "run `python main.py export` first" in refused(verb, *(tmp_path / name for name in names))


def test_images_that_are_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file or folder" in refused("predict", tmp_path / "none.png")


def test_a_name_that_nobody_can_read(refused: Refused, tmp_path: Path) -> None:
    assert "is no name" in refused("enroll", "  ", tmp_path)


def test_someone_who_is_not_enrolled(refused: Refused) -> None:
    assert "there is no Nobody in" in refused("forget", "Nobody")


def test_a_gallery_that_is_another_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "g.sqlite").write_text("text" * 1000)
    assert "cannot use the gallery" in refused("list")
    assert (tmp_path / "g.sqlite").read_text() == "text" * 1000
