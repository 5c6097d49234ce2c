"""The data is looked at before training, and all that is wrong with it is said at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from images import save_folder
from PIL import Image

from shared.testing.contract import Check


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty images whose masks hold 0, a little 1, and the ignored 255."""
    root = save_folder(tmp_path / "data", 20)
    for path in (root / "masks").iterdir():
        mask = np.zeros((Image.open(path).height, 50), np.uint8)
        mask[0, :10], mask[-1] = 1, 255
        Image.fromarray(mask).save(path)
    return root


def test_own_images_and_the_shares_of_their_classes_are_counted(check: Check, folder: Path, tmp_path: Path) -> None:
    found = check(folder)
    assert found["data"]["counts"] == {"train": 14, "validation": 2, "test": 4}
    assert found["metrics"]["test"]["classes"] == {"class 0": 4, "class 1": 4}
    assert found["sizes"]["height"]["median"] == 41
    assert found["pixel_shares"]["train"]["class 1"] == pytest.approx(10 / (40 * 50), rel=0.03)
    (rare,) = found["warnings"]
    assert "class 1 0.50%" in rare
    assert (tmp_path / "checked" / "data.png").is_file()


def test_what_does_not_fit_is_named_and_refused_unless_it_may_be_left_out(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "masks" / "003.png").unlink()
    (folder / "images" / "005.png").write_bytes(b"no image")
    shutil.copy(folder / "images" / "007.png", folder / "images" / "010.png")
    found, printed = check(folder, code=2), capsys.readouterr()
    assert "a copy in " in printed.out
    error = printed.err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert all(words in error for words in ("1 (images/003.png)", "1 (005.png", "--data.broken leave_out."))
    assert found["usable"] is False
    assert sum(found["data"]["counts"].values()) == 18
    assert check(folder, "--data.broken", "leave_out")["usable"] is True


def test_the_refusal_is_trainings_own_where_too_little_is_left_without_what_is_broken(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((folder / "masks").iterdir())[2:]:
        Image.new("L", (5, 5)).save(path)
    check(folder, code=2)
    assert "images whose mask has another size: 18" in capsys.readouterr().err


def test_images_are_looked_at_where_their_masks_cannot_be_used(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (50, 40), "orange").save(folder / "masks" / "000.png")
    (folder / "images" / "005.png").write_bytes(b"no image")
    found, printed = check(folder, code=2), capsys.readouterr()
    assert "unreadable images: 1 (images/005.png" in printed.out
    assert "have colors, such as #000000, #ffa500, #ffffff, #010101: 1 (000.png)" in printed.err
    assert found["data"]["counts"] == {"whole": 19}


def test_many_ignored_pixels_and_what_was_decided_are_listed(check: Check, folder: Path) -> None:
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[20:] = 255
        rgba = np.repeat(mask[:, :, None], 4, axis=2)
        rgba[:, :, 3] = np.where(np.arange(50) < 40, 255, 0)
        Image.fromarray(rgba).save(path)
    warnings = "\n".join(check(folder)["warnings"])
    assert "transparent pixels of masks are read as background: 20" in warnings
    assert "many pixels are ignored: 4" in warnings


def test_an_empty_folder_is_refused(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    assert check(tmp_path / "data", "--data.source", "folder", code=2) == {}
    assert "holds no images/ beside masks/" in capsys.readouterr().err
