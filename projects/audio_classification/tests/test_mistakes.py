"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from pathlib import Path

import pytest
from recordings import save, tone

from main import VERBS
from shared.cli import main
from shared.testing.contract import Refused
from src.config import PROJECT


def recording(path: Path) -> None:
    save(path, tone(300 + len(str(path))))


def test_a_value_out_of_range(refused: Refused) -> None:
    assert "data.sample_rate is 2, but must be a multiple of 25." in refused("train", "--data.sample_rate", 2)


def test_an_empty_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    message = refused("train", "--data.source", "folder", "--data.root", tmp_path / "data")
    assert "holds no class folders; put recordings into" in message


def test_a_folder_of_one_class(refused: Refused, tmp_path: Path) -> None:
    recording(tmp_path / "data" / "cat" / "0.wav")
    assert "holds one class only (cat)" in refused("train", "--data.root", tmp_path / "data")


def test_a_class_of_unreadable_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in range(20):
        recording(tmp_path / "data" / "cat" / f"{index}.wav")
    (tmp_path / "data" / "dog").mkdir()
    (tmp_path / "data" / "dog" / "0.wav").write_bytes(b"no recording")
    arguments = ["train", "--data.root", str(tmp_path / "data"), "--output_dir", str(tmp_path / "out")]
    assert main(arguments, PROJECT, VERBS, "src.config:Config") == 2
    message = capsys.readouterr().err
    assert "left out of 21 recordings: unreadable recordings: 1 (" in message
    assert message.strip().splitlines()[-1].startswith("error: no recording can be read of dog; replace")


def test_too_few_recordings(refused: Refused, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        recording(tmp_path / "data" / name / "0.wav")
    assert "2 examples, 1 of them in the smallest class, are too few" in refused(
        "train", "--data.root", tmp_path / "data"
    )


def test_a_pattern_that_names_no_speaker(refused: Refused) -> None:
    message = refused("train", "--data.group_pattern", "[0-9]+")
    assert "data.group_pattern is '[0-9]+', but must be empty, or a regular expression with parentheses" in message


def test_a_table_of_speakers_without_its_columns(refused: Refused, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        recording(tmp_path / "data" / name / "0.wav")
    (tmp_path / "data" / "index.csv").write_text("file,speaker\ncat/0.wav,ann\n")
    assert "index.csv has no column 'id'; it has file, speaker" in refused("train", "--data.root", tmp_path / "data")


def test_flat_recordings_without_class_folders(refused: Refused, tmp_path: Path) -> None:
    recording(tmp_path / "data" / "0.wav")
    assert "holds none of the known data layouts (speech_commands, fsdd, folder, sample)" in refused(
        "train", "--data.root", tmp_path / "data"
    )


def test_predicting_what_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file or folder" in refused("predict", tmp_path / "none.wav")
    (tmp_path / "nothing").mkdir()
    assert "holds no recordings" in refused("predict", tmp_path / "nothing")
