"""Mistakes in what only this project has; what all projects refuse is in the contract."""

from pathlib import Path

import pytest
from recordings import save, tone

from shared.testing.contract import Refused


@pytest.mark.parametrize(("flag", "value"), [("--data.sample_rate", 2), ("--data.group_pattern", "[0-9]+")])
def test_a_setting_that_cannot_be_is_named(flag: str, value: object, refused: Refused) -> None:
    assert f"{flag[2:]} is " in refused("train", flag, value)


def test_a_table_of_speakers_without_its_columns(refused: Refused, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        save(tmp_path / "data" / name / "0.wav", tone(300))
    (tmp_path / "data" / "index.csv").write_text("file,speaker\ncat/0.wav,ann\n")
    assert "index.csv has no column id" in refused("train", "--data.root", tmp_path / "data")
