"""The data is looked at before training, and all that is wrong with it is said at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from recordings import save, save_folder, tone

from main import VERBS
from shared.cli import main
from shared.files import read_json
from src.config import PROJECT


def check(root: Path, *arguments: str) -> int:
    outputs = ["--output_dir", str(root.parent / "out")]
    return main(["check-data", "--data.root", str(root), *outputs, *arguments], PROJECT, VERBS, "src.config:Config")


def result(root: Path) -> dict:
    return read_json(root.parent / "out" / "check_data.json", "")


def test_own_recordings_are_counted_and_shown(tmp_path: Path) -> None:
    root = save_folder(tmp_path / "data", {"high": 30, "low": 30})
    assert check(root, "--data.group_pattern", "^([0-9a-f]+)_nohash") == 0
    found = result(root)
    assert found["data"]["counts"] == {"train": 36, "validation": 12, "test": 12}
    assert found["data"]["speakers"] == {"train": 3, "validation": 1, "test": 1}
    assert found["sizes"]["milliseconds"] == {"smallest": 200, "median": 345, "largest": 490}
    assert found["sizes"]["hertz"]["median"] == 8000
    assert found["warnings"] == []
    assert (root.parent / "out" / "data.png").is_file()
    assert (root.parent / "out" / "data.html").is_file()


def test_everything_that_should_be_looked_after_is_named(tmp_path: Path) -> None:
    root = save_folder(tmp_path / "data" / "train", {"high": 20, "low": 20}).parent
    save_folder(root / "test", {"high": 10, "low": 10})
    (root / "train" / "high" / "corrupt.wav").write_bytes(b"no recording")
    shutil.copy(root / "train" / "low" / "00000003_nohash_3.wav", root / "test" / "low" / "00000003_nohash_3.wav")
    (root / "train" / "low" / "song.mp3").write_bytes(b"")
    save(root / "train" / "low" / "silent.wav", np.zeros(4000, np.int16))
    save(root / "train" / "low" / "clipped.wav", np.full(9000, 32_767, np.int16))
    for index in range(10):
        save(root / "train" / "low" / f"slow_{index}.wav", tone(300, 4.0 + index / 9, rate=4000), 4000)
    assert check(root) == 0
    words = "\n".join(result(root)["warnings"])
    for expected in (
        "unreadable recordings: 1 (",
        "recordings with a copy in another split",
        "are longer than data.seconds 1 and are cut",
        "10 recordings have fewer than data.sample_rate 8000 samples a second",
        "silent recordings: 1 (train/low/silent.wav)",
        "clipped recordings: 1 (train/low/clipped.wav)",
        "nothing says who speaks",
        "1 files of other kinds are not read (.mp3 1); if recordings are among them, save them as .wav.",
    ):
        assert expected in words


def test_all_that_is_wrong_is_said_before_the_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = save_folder(tmp_path / "data" / "train", {"high": 12, "low": 12}).parent
    save_folder(root / "test", {"high": 10, "middle": 10})
    (root / "train" / "flat").mkdir()
    (root / "train" / "low" / "corrupt.wav").write_bytes(b"no recording")
    assert check(root) == 2
    printed = capsys.readouterr()
    for words in ("class folders without recordings: 1 (train/flat)", "corrupt.wav", "in test only: 1 (middle)"):
        assert words in printed.out
    assert len(printed.err.strip().splitlines()) == 1
    assert result(root)["refusal"] in printed.err
