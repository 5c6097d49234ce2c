"""The data is looked at before training, and all that is wrong with it is said at once."""

from pathlib import Path

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


def test_settings_that_would_suit_the_photos_are_named(check: Check, tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"cat": 20, "dog": 20}, size=(120, 40))
    (warning,) = check(root, "--data.image_size", "64")["warnings"]
    assert "--data.fit pad" in warning
    (warning,) = check(root, "--data.image_size", "160", "--data.fit", "pad")["warnings"]
    assert "data.image_size 160" in warning


def test_the_folder_of_photos_beside_a_table_that_is_refused_is_no_class(check: Check, tmp_path: Path) -> None:
    root = save_images(tmp_path / "data", {"images": 3})
    (root / "labels.csv").write_text("file,label\n0.png,cat\n0.png,dog\n1.png,dog\n")
    found = check(root, code=2)
    assert "rows of images/0.png that differ" in found["refusal"]
    assert found["metrics"] == {"whole": {"examples": 3, "classes": {}}}
    assert found["sizes"]["width"] == {"smallest": 40, "median": 40, "largest": 40}
