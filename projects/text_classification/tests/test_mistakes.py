"""Mistakes with texts, tokenizers and rungs end in one sentence on stderr and exit code 2."""

from pathlib import Path

import pytest

from main import VERBS
from shared.cli import main
from shared.testing.contract import Refused
from src.config import PROJECT, Config, tokenizer_path


def test_a_setting_that_cannot_be_is_named(refused: Refused) -> None:
    assert "model.heads is 3" in refused("train", "--model.heads", 3)
    words = ("--data.source", "sample", "--model.name", "pretrained", "--tokenizer.max_tokens", 1024)
    assert "tokenizer.max_tokens is 1024" in refused("train", *words)


def test_a_folder_without_tables(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.docx").write_text("")
    assert "known data layouts" in refused("train", "--data.root", tmp_path / "data")
    assert "no CSV file" in refused("train", "--data.source", "csv", "--data.root", tmp_path / "data")


def test_an_unknown_rung(refused: Refused) -> None:
    assert "'lsmt'; choose from ngrams, lstm" in refused("ladder", "--rungs", "ngrams,lsmt")


def test_predicting_files_without_texts(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("text\n")
    assert "empty.csv" in refused("predict", tmp_path / "empty.csv")
    (tmp_path / "other.csv").write_text("review\ngood\n")
    assert "no column text, but 'review'" in refused("predict", tmp_path / "other.csv")


def test_a_tokenizer_of_another_export(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    path = tokenizer_path(trained)
    content = path.read_text()
    try:
        for wrong in (content.replace("the", "teh", 1), "", "{"):
            path.write_text(wrong)
            words = ["predict", "a text", "--output_dir", str(trained.output_dir)]
            assert main(words, PROJECT, VERBS, "src.config:Config") == 2
            assert "is not the tokenizer of the network" in capsys.readouterr().err
    finally:
        path.write_text(content)
