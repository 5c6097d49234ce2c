"""The data is looked at before training, and all that is wrong with it is said at once."""

from pathlib import Path

import numpy as np
import pytest
from images import save_images, save_photos
from PIL import Image

from shared.testing.contract import Check


def test_own_images_are_counted_and_shown(check: Check, tmp_path: Path) -> None:
    found = check(save_images(tmp_path / "data", {"cat": 30, "dog": 20}))
    assert found["data"]["counts"] == {"train": 36, "validation": 4, "test": 10}
    assert found["metrics"]["test"] == {"examples": 10, "classes": {"cat": 6, "dog": 4}}
    assert found["sizes"]["width"] == {"smallest": 40, "median": 40, "largest": 40}
    assert found["warnings"] == []
    assert (tmp_path / "checked" / "data.png").is_file()
    assert (tmp_path / "checked" / "data.html").is_file()


def test_all_that_is_wrong_is_said_before_the_refusal(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = save_images(tmp_path / "data" / "train", {"cat": 12, "dog": 12}).parent
    save_images(root / "test", {"cat": 10, "bird": 10})
    (root / "train" / "fish").mkdir()
    (root / "train" / "dog" / "corrupt.png").write_bytes(b"no image")
    found, printed = check(root, code=2), capsys.readouterr()
    assert all(name in printed.out for name in ("train/fish", "corrupt.png", "bird"))
    assert printed.err.startswith("error: ")
    assert len(printed.err.strip().splitlines()) == 1
    assert found["usable"] is False
    assert found["refusal"] in printed.err


def test_photos_are_named_with_the_project_for_them(check: Check, tmp_path: Path) -> None:
    (warning,) = check(save_photos(tmp_path / "data"))["warnings"]
    assert "photo classification" in warning


def test_what_is_not_read_is_listed(check: Check, tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"cat": 20, "dog": 20, ".NET": 20})
    (root / "cat" / "IMG_1.HEIC").write_bytes(b"")
    found = check(root)
    assert found["data"]["skipped_files"] == {"names with a leading dot": 1, "files of other kinds": 1}
    assert any(".NET" in warning for warning in found["warnings"])
    assert any("cat/IMG_1.HEIC" in warning for warning in found["warnings"])


def test_float_images_are_looked_at_by_the_range_of_the_data(check: Check, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(20):
            values = random.normal(100, 900, (32, 32)).astype(np.float32)
            Image.fromarray(values).save(tmp_path / "data" / name / f"{index}.tif")
    assert check(tmp_path / "data")["data"]["counts"] == {"train": 28, "validation": 4, "test": 8}
