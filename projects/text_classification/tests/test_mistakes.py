"""Every mistake ends in one sentence on stderr and exit code 2, and leaves what was there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from main import VERBS
from shared.cli import main
from shared.errors import UserError
from src.config import PROJECT, Config, tokenizer_path
from src.ladder import known_rungs

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Runs a command line that must fail, and gives its one sentence."""

    def run(verb: str, *arguments: object, output_dir: Path = tmp_path / "out") -> str:
        # Which data is read by default is the owner's choice, in configs/config.yaml.
        data = ["--data.source", "auto", "--data.text_column", "text", "--data.label_column", "label"]
        words = [verb, *data, *map(str, arguments)]
        words += ["--output_dir", str(output_dir), "--log_dir", str(tmp_path / "logs")]
        assert main(words, PROJECT, VERBS, "src.config:Config") == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert lines[0].endswith((".", "?"))
        assert not output_dir.is_dir() or not any(path.is_file() for path in output_dir.rglob("*.json"))
        return lines[0]

    return run


def test_a_misspelled_setting(refused: Refused) -> None:
    assert "did you mean tokenizer.max_tokens?" in refused("train", "--tokenizer.max_token", 3)


def test_a_value_out_of_range(refused: Refused) -> None:
    assert "model.heads is 3" in refused("train", "--model.heads", 3)


def test_a_path_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "typo.csv does not exist" in refused("train", "--data.root", tmp_path / "typo.csv")


def test_a_folder_without_tables(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.docx").write_text("")
    assert "holds none of the known data layouts (csv, ag_news" in refused("train", "--data.root", tmp_path / "data")
    assert "no CSV file" in refused("train", "--data.source", "csv", "--data.root", tmp_path / "data")


def test_an_empty_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    assert "a.csv has nothing in it" in refused("train", "--data.root", tmp_path / "a.csv")


def test_one_class(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"text {index},x\n" for index in range(30)))
    assert "there is one class only ('x')" in refused("train", "--data.root", tmp_path / "a.csv")


def test_too_few_texts(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,x\nb,y\n")
    assert "are too few" in refused("train", "--data.root", tmp_path / "a.csv")


def test_more_tokens_than_the_pretrained_network_reads(refused: Refused) -> None:
    words = ("--data.source", "sample", "--model.name", "pretrained", "--tokenizer.max_tokens", 1024)
    assert "tokenizer.max_tokens is 1024, but all-MiniLM-L6-v2 reads 512" in refused("train", *words)


def test_an_unknown_rung() -> None:
    with pytest.raises(UserError, match="'lsmt'; choose from ngrams, lstm"):
        known_rungs("ngrams,lsmt")


@pytest.mark.parametrize("verb", ["evaluate", "export", "report"])
def test_before_any_training(verb: str, refused: Refused) -> None:
    assert "there is no checkpoint" in refused(verb)


def test_predicting_before_any_export(refused: Refused) -> None:
    assert "run `python main.py export` first" in refused("predict", "a text")


def test_predicting_what_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no file none.csv" in refused("predict", "none.csv")
    (tmp_path / "empty.txt").write_text("")
    assert "there is no text in" in refused("predict", tmp_path / "empty.txt")
    (tmp_path / "other.csv").write_text("review\ngood\n")
    assert "has no column text, but 'review'" in refused("predict", tmp_path / "other.csv")


def test_a_tokenizer_of_another_export(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    path = tokenizer_path(trained)
    content = path.read_text()
    try:
        for wrong in (content.replace("the", "teh", 1), "", "{"):
            path.write_text(wrong)
            words = ["predict", "a text", "--output_dir", str(trained.output_dir)]
            assert main(words, PROJECT, VERBS, "src.config:Config") == 2
            assert "is not the tokenizer of the network beside it" in capsys.readouterr().err
    finally:
        path.write_text(content)


def test_a_checkpoint_of_another_network(trained: Config, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "--output_dir", str(trained.output_dir), "--model.width", "64"]
    assert main(arguments, PROJECT, VERBS, "src.config:Config") == 2
    assert "belongs to another network" in capsys.readouterr().err
