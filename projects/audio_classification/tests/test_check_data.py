"""The data is looked at before training, and all that is wrong with it is said at once."""

import shutil
from pathlib import Path

import numpy as np
from recordings import save, save_folder, tone

from shared.testing.contract import Check


def test_own_recordings_are_counted_and_shown(check: Check, tmp_path: Path) -> None:
    root = save_folder(tmp_path / "data", {"high": 30, "low": 30})
    found = check(root, "--data.group_pattern", "^([0-9a-f]+)_nohash")
    assert found["data"]["counts"] == {"train": 36, "validation": 12, "test": 12}
    assert found["data"]["speakers"] == {"train": 3, "validation": 1, "test": 1}
    assert found["sizes"]["milliseconds"] == {"smallest": 200, "median": 345, "largest": 490}
    assert found["sizes"]["hertz"]["median"] == 8000
    assert found["warnings"] == []
    assert (tmp_path / "checked" / "data.png").is_file()


def test_everything_that_should_be_looked_after_is_named(check: Check, tmp_path: Path) -> None:
    root = save_folder(tmp_path / "data" / "train", {"high": 20, "low": 20}).parent
    save_folder(root / "test", {"high": 10, "low": 10})
    (root / "train" / "high" / "corrupt.wav").write_bytes(b"no recording")
    shutil.copy(root / "train" / "low" / "00000003_nohash_3.wav", root / "test" / "low" / "00000003_nohash_3.wav")
    (root / "train" / "low" / "song.m4a").write_bytes(b"")
    save(root / "train" / "low" / "canceled.wav", np.stack([tone(300), -tone(300)], 1))
    save(root / "train" / "low" / "silent.wav", np.zeros(4000, np.int16))
    save(root / "train" / "low" / "clipped.wav", np.full(9000, 32_767, np.int16))
    for index in range(10):
        save(root / "train" / "low" / f"slow_{index}.wav", tone(300, 4.0 + index / 9, rate=4000), 4000)
    found = "\n".join(check(root)["warnings"])
    for expected in (
        "unreadable recordings: 1 (",
        "recordings with a copy in another split",
        "data.seconds 1",
        "10 recordings have fewer than data.sample_rate 8000",
        "used, but unusual: silent: 2 (train/low/clipped.wav, train/low/silent.wav)",
        "clipped recordings: 1 (train/low/clipped.wav)",
        "opposite sign: the loudest is read: 1 (train/low/canceled.wav)",
        "nothing says who speaks",
        "song.",
    ):
        assert expected in found
