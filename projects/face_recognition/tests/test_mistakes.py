"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from shared.errors import UserError
from shared.testing.contract import Refused
from src.config import DataConfig
from src.dataloader import require_people


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
    assert "2 people are too few" in refused("train", "--data.root", tmp_path / "data")


@pytest.mark.parametrize("people", [2, 4, 5, 6, 9, 11])
def test_fractions_that_suit_a_few_people_are_said_where_there_are_some(people: int) -> None:
    labels, usual = np.repeat(np.arange(people), 3), DataConfig()
    with pytest.raises(UserError, match=f"{people} people are too few") as refusal:
        require_people(labels, usual, seed=0)
    advised = re.search(r"data.test_fraction ([\d.]+) and data.validation_fraction ([\d.]+)\.$", str(refusal.value))
    assert bool(advised) == (people > 4)
    if advised:
        test_fraction, validation_fraction = map(float, advised.groups())
        require_people(labels, replace(usual, test_fraction=test_fraction, validation_fraction=validation_fraction), 0)
    require_people(np.repeat(np.arange(20), 3), usual, seed=0)


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
