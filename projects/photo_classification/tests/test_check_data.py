"""The data is looked at before training, and all that is wrong with it is said at once."""

from pathlib import Path

import pytest
from images import save_images

from shared.testing.contract import Check


def test_own_photos_are_counted_and_shown(check: Check, tmp_path: Path) -> None:
    found = check(save_images(tmp_path / "data", {"cat": 30, "dog": 20}), "--data.image_size", "32")
    assert found["data"]["counts"] == {"train": 34, "validation": 6, "test": 10}
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
    assert found["usable"] is False
    assert found["refusal"] in printed.err


def test_settings_that_would_suit_the_photos_are_named(check: Check, tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"cat": 20, "dog": 20}, size=(120, 40))
    (warning,) = check(root, "--data.image_size", "64")["warnings"]
    assert "--data.fit pad" in warning
    (warning,) = check(root, "--data.image_size", "160", "--data.fit", "pad")["warnings"]
    assert "data.image_size 160" in warning
