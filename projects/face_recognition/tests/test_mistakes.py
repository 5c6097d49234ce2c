"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from pathlib import Path

import pytest
from PIL import Image
from skimage.data import astronaut

from shared.testing.contract import Refused


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


def test_photos_that_lie_in_no_persons_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Image.new("RGB", (50, 50)).save(tmp_path / "data" / "photo.jpg")
    assert "holds none of the known data layouts" in refused("train", "--data.root", tmp_path / "data")


def test_too_few_people(refused: Refused, tmp_path: Path) -> None:
    for name in ("Ann", "Bo"):
        (tmp_path / "data" / name).mkdir(parents=True)
        Image.fromarray(astronaut()).save(tmp_path / "data" / name / "1.jpg")
    assert "are of 2 groups" in refused("train", "--data.root", tmp_path / "data")


def test_a_name_that_nobody_can_read(refused: Refused, tmp_path: Path) -> None:
    assert "is no name" in refused("enroll", "  ", tmp_path)


def test_someone_who_is_not_enrolled(refused: Refused) -> None:
    assert "there is no Nobody in" in refused("forget", "Nobody")


def test_a_gallery_that_is_another_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "g.sqlite").write_text("text" * 1000)
    assert "cannot use the gallery" in refused("list", "--gallery.file", tmp_path / "g.sqlite")
    assert (tmp_path / "g.sqlite").read_text() == "text" * 1000


def test_before_any_training(refused: Refused) -> None:
    assert "there is no checkpoint" in refused("calibrate")


@pytest.mark.parametrize("names", [("verify", "a.png", "a.png"), ("identify", "a.png")])
def test_before_any_export(names: tuple[str, ...], refused: Refused, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    assert "run `python main.py export` first" in refused(names[0], *(tmp_path / name for name in names[1:]))
