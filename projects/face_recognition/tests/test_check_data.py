"""The photos are looked at before training, and all that is wrong with them is said at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from shared.testing.contract import Check, Contract
from src.detections import NO_FACE, SEVERAL


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


@pytest.fixture
def refusal(check: Check, contract: Contract) -> Check:
    """Runs a check of photos that training refuses, with several people in each split."""
    fractions = ("--data.test_fraction", 0.4, "--data.validation_fraction", 0.3)
    return lambda root: check(root, *contract.run_flags, *fractions, code=2)


def test_people_photos_faces_and_copies_are_counted_and_named(album: Path, refusal: Check) -> None:
    for photo in (0, 1):
        Image.fromarray(astronaut()[0:250, 100:350]).rotate(photo).save(album / "person 05" / f"{photo}.png")
    Image.fromarray(np.tile(astronaut()[0:250, 100:350], (1, 2, 1))).save(album / "person 05" / "both.png")
    shutil.copy(album / "person 05" / "0.png", album / "person 00" / "copy.png")
    (album / "person 03" / "corrupt.jpg").write_bytes(b"no image")
    (album / "person 01" / "1.png").unlink()
    found = refusal(album)
    assert sum(found["data"]["counts"].values()) == 24
    assert sum(found["data"]["people"].values()) == 12
    assert found["sizes"]["width"]["median"] == 50
    unreadable, faceless, contradicting, several, single = found["warnings"]
    assert "unreadable images: 1 (person 03/corrupt.jpg" in unreadable
    assert NO_FACE in faceless
    assert len(found["problems"][NO_FACE]) == 20
    assert "a copy under another person: 1 (person 05/0.png = person 00/copy.png)" in contradicting
    assert f"{SEVERAL}: 1 (person 05/both.png)" in several
    assert "people with one photo only: 1 of 12 (person 01)" in single
    assert found["refusal"].startswith("too few faces were found in the photos of the splits ")
    assert (album.parent / "checked" / "data.png").is_file()


def test_all_that_is_wrong_is_said_before_the_refusal(
    album: Path, refusal: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    (album / "nobody").mkdir()
    (album / "person 03" / "corrupt.jpg").write_bytes(b"no image")
    assert refusal(album)["data"]["counts"] == {"whole": 23}
    printed = capsys.readouterr()
    assert "class folders without images: 1 (nobody)" in printed.out
    assert "person 03/corrupt.jpg" in printed.out
    assert "has class folders without images" in printed.err


def test_photos_that_cannot_be_read_are_refused_as_by_training(
    album: Path, refusal: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in album.rglob("*.png"):
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    refusal(album)
    assert "error: none of 23 images can be read" in capsys.readouterr().err


def test_splits_of_ones_own_are_refused(album: Path, refusal: Check, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("train", "test"):
        shutil.copytree(album, album.parent / "splits" / split)
    refusal(album.parent / "splits")
    assert "people are divided among the splits by the seed; put all their folders into one" in capsys.readouterr().err
