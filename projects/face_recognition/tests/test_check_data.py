"""The photos are looked at before training, and all that is wrong with them is said at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from main import VERBS
from shared.cli import main
from shared.files import read_json
from src.config import PROJECT


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twelve people, of whom the first has one photo and the others two; none shows a face."""
    random = np.random.default_rng(0)
    for number in range(12):
        folder = tmp_path / "album" / f"person {number:02d}"
        folder.mkdir(parents=True)
        for photo in range(1 if number == 0 else 2):
            pixels = random.integers(0, 256, (60, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{photo}.png")
    return tmp_path / "album"


def check(root: Path, *arguments: str) -> int:
    places = {"output_dir": "out", "data.processed": "processed"}
    flags = [word for name, place in places.items() for word in (f"--{name}", str(root.parent / place))]
    shares = ["--data.test_fraction", "0.4", "--data.validation_fraction", "0.3"]
    words = ["check-data", "--data.root", str(root), *flags, *shares, *arguments]
    return main(words, PROJECT, VERBS, "src.config:Config")


def result(root: Path) -> dict:
    return read_json(root.parent / "out" / "check_data.json", "")


def test_people_photos_and_pairs_are_counted_without_a_search_for_faces(album: Path) -> None:
    assert check(album) == 0
    found = result(album)
    assert found["searched"] is False
    assert sum(found["data"]["counts"].values()) == 23
    assert sum(found["data"]["people"].values()) == 12
    assert found["sizes"]["width"]["median"] == 50
    (single,) = found["warnings"]
    assert "people with one photo only: 1 of 12 (person 00)" in single
    assert (album.parent / "out" / "data.png").is_file()
    assert not (album.parent / "processed").exists()


def test_corrupt_photos_and_one_photo_of_two_people_are_named(album: Path) -> None:
    (album / "person 03" / "corrupt.jpg").write_bytes(b"no image")
    shutil.copy(album / "person 04" / "0.png", album / "person 00" / "copy.png")
    assert check(album) == 0
    unreadable, contradicting = result(album)["warnings"]
    assert "unreadable images: 1 (person 03/corrupt.jpg" in unreadable
    assert "a copy under another person: 1 (person 00/copy.png = person 04/0.png)" in contradicting


def test_faces_are_looked_for_where_asked(album: Path) -> None:
    for photo in (0, 1):
        Image.fromarray(astronaut()[0:250, 100:350]).rotate(photo).save(album / "person 05" / f"{photo}.png")
    Image.fromarray(np.tile(astronaut()[0:250, 100:350], (1, 2, 1))).save(album / "person 05" / "both.png")
    assert check(album, "--faces") == 2
    found = result(album)
    assert "photos of several faces: 1 (person 05/both.png)" in "\n".join(found["warnings"])
    assert found["refusal"].startswith("too few faces were found in the photos of the splits ")
    assert found["searched"] is True
    assert len(found["problems"]["photos without a face"]) == 21
    assert (album.parent / "processed").exists()


def test_all_that_is_wrong_is_said_before_the_refusal(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (album / "nobody").mkdir()
    (album / "person 03" / "corrupt.jpg").write_bytes(b"no image")
    assert check(album) == 2
    printed = capsys.readouterr()
    assert "class folders without images: 1 (nobody)" in printed.out
    assert "person 03/corrupt.jpg" in printed.out
    assert "has class folders without images" in printed.err
    assert result(album)["data"]["counts"] == {"whole": 23}


def test_photos_that_cannot_be_read_are_refused_as_by_training(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in album.rglob("*.png"):
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    assert check(album) == 2
    assert "error: too few faces were found in the photos of the splits train, validation, test" in (
        capsys.readouterr().err
    )


def test_splits_of_ones_own_are_refused(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("train", "test"):
        shutil.copytree(album, album.parent / "splits" / split)
    assert check(album.parent / "splits") == 2
    assert "people are divided among the splits by the seed; put all their folders into one" in capsys.readouterr().err
