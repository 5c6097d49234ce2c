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


@pytest.mark.parametrize(
    ("places", "message"),
    [(["photo.jpg"], "holds none of the known data layouts"), (["Ann/1.jpg", "Bo/1.jpg"], "are of 2 groups")],
)
def test_photos_in_no_persons_folder_or_of_too_few_people(
    places: list[str], message: str, refused: Refused, tmp_path: Path
) -> None:
    for place in places:
        (tmp_path / "data" / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(astronaut()).save(tmp_path / "data" / place)
    assert message in refused("train", "--data.root", tmp_path / "data")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("enroll", "  ", "photo.jpg"), "is no name"),
        (("forget", "Nobody"), "there is no Nobody in"),
        (("calibrate",), "there is no checkpoint"),
    ],
)
def test_what_is_not_there_is_named(words: tuple[str, ...], message: str, refused: Refused) -> None:
    assert message in refused(*words)


def test_a_gallery_that_is_another_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "g.sqlite").write_text("text" * 1000)
    assert "cannot use the gallery" in refused("list", "--gallery.file", tmp_path / "g.sqlite")
    assert (tmp_path / "g.sqlite").read_text() == "text" * 1000


@pytest.mark.parametrize("names", [("verify", "a.png", "a.png"), ("identify", "a.png")])
def test_before_any_export(names: tuple[str, ...], refused: Refused, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    assert "run `python main.py export` first" in refused(names[0], *(tmp_path / name for name in names[1:]))
