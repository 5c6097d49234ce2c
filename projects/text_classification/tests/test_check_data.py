"""The data is looked at before training, and all that is wrong with it is said at once."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from shared.data.examples import Examples
from shared.testing.contract import Check
from src.check_data import _list
from src.stored import Texts


def save_table(path: Path, labels: Sequence[str], texts: Sequence[str] = ()) -> Path:
    """A text of its own for each label, or the texts given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = texts or [f"{path.stem} number {index} says {label}" for index, label in enumerate(labels)]
    rows = [f'"{text}",{label}' for text, label in zip(texts, labels, strict=True)]
    path.write_text("\n".join(["text,label", *rows]))
    return path


def test_own_texts_are_counted_measured_and_shown(check: Check, tmp_path: Path) -> None:
    found = check(save_table(tmp_path / "mine.csv", ["ham", "spam"] * 40))
    assert found["data"]["counts"] == {"train": 57, "validation": 7, "test": 16}
    assert found["metrics"]["test"]["classes"] == {"ham": 8, "spam": 8}
    assert found["sizes"]["words"] == {"smallest": 5, "median": 5, "largest": 5}
    assert found["warnings"] == []
    assert "says spam" in (tmp_path / "checked" / "data.html").read_text()


def test_copies_contradictions_and_missing_classes_are_named(check: Check, tmp_path: Path) -> None:
    labels = ["ham", "spam"] * 40 + ["ham", "spam", ""]
    texts = [f"text {index} of many" for index in range(80)] + ["Text 0 of  MANY", "text 2 of many", "no class"]
    without_class, contradicting, same = check(save_table(tmp_path / "mine.csv", labels, texts))["warnings"]
    assert "mine.csv line 84" in without_class
    assert "('text 2 of many')" in contradicting
    assert "('text 0 of many' = 'Text 0 of MANY')" in same


def test_training_texts_that_also_stand_in_the_test_split_are_left_out_and_said(check: Check, tmp_path: Path) -> None:
    save_table(tmp_path / "data" / "train.csv", ["ham", "spam"] * 30)
    save_table(tmp_path / "data" / "val.csv", ["ham", "spam"] * 10)
    shared = ["train number 0 says ham", "train number 1 says spam", *(f"fresh {index}" for index in range(20))]
    save_table(tmp_path / "data" / "test.csv", ["ham", "spam"] * 11, shared)
    found = check(tmp_path / "data")
    (left_out,) = found["warnings"]
    assert "leaves out 2 training texts" in left_out
    assert found["data"]["counts"] == {"train": 58, "validation": 20, "test": 22}


def test_long_texts_are_told_from_what_the_network_reads(check: Check, tmp_path: Path) -> None:
    texts = [f"word{index} " * 100 for index in range(60)]
    path = save_table(tmp_path / "long.csv", ["ham", "spam"] * 30, texts)
    (cut,) = check(path)["warnings"]
    assert "60 of 60 texts" in cut
    assert check(path, "--tokenizer.max_tokens", "256")["warnings"] == []


def test_classes_that_may_be_one_or_none_are_named_with_the_setting_that_helps(check: Check, tmp_path: Path) -> None:
    path = save_table(tmp_path / "mine.csv", ["ham", "Ham", "spam", "nan"] * 20)
    same, missing = check(path)["warnings"]
    assert "1 (Ham = ham); --data.clean_labels true" in same
    assert "1 (nan 20); --data.clean_labels true" in missing
    found = check(path, "--data.clean_labels", "true")
    assert list(found["metrics"]["train"]["classes"]) == ["ham", "spam"]
    (left_out,) = found["warnings"]
    assert "says that it is missing: 20" in left_out


def test_all_that_is_wrong_is_said_before_the_refusal(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(tmp_path / "data" / "train.csv", ["ham", "spam"] * 30)
    save_table(tmp_path / "data" / "test.csv", ["ham", "offer"] * 10)
    (tmp_path / "data" / "val.csv").write_bytes(b"text,label\ncaf\xe9,ham\n")
    found, printed = check(tmp_path / "data", code=2), capsys.readouterr()
    assert "in test only: 1 (offer)" in printed.out
    assert "val.csv" in printed.err
    assert found["data"]["counts"] == {"train": 60, "test": 20}


def test_of_each_text_little_is_kept_in_memory() -> None:
    texts = Texts.of(f"number {index} {'word ' * 1000}" for index in range(2000))
    rows = Examples({"texts": texts, "labels": torch.zeros(2000, dtype=torch.int64)}, ["a name"] * 2000)
    tracemalloc.start()
    found = [*_list({"train": rows}, ["ham"])]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len({example.digest for example in found}) == 2000
    assert size < 2000 * 500
