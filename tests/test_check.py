"""What a check of the data finds follows from the list of examples, and is said, recorded and drawn."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from shared.data.check import (
    DataCheck,
    Example,
    all_warnings,
    class_counts,
    class_warnings,
    copy_warnings,
    find_copies,
    measured,
    samples_by_class,
    survey_folders,
)
from shared.data.problems import Problems
from shared.errors import UserError
from shared.report.check import write_check_report


def example(name: str, split: str = "train", label: str = "cat", digest: str = "", width: int = 8) -> Example:
    return Example(name, split, (label,), digest or name, {"width": width})


def many(label: str, count: int, split: str = "train") -> list[Example]:
    return [example(f"{split}/{label}/{index}", split, label) for index in range(count)]


def found(*examples: Example) -> DataCheck:
    record = {"source": "folder", "description": "", "license": "unknown", "substituted": ""}
    return DataCheck("images", examples=list(examples), record=record)


def test_examples_are_counted_and_measured() -> None:
    examples = [example("a", width=3), example("b", "test", "dog", width=9), example("c", label="dog", width=4)]
    assert class_counts(examples) == {"cat": {"train": 1}, "dog": {"test": 1, "train": 1}}
    assert measured(examples) == {"width": {"smallest": 3, "median": 4, "largest": 9}}
    assert found(*examples).counts == {"train": 2, "test": 1}


def test_copies_are_of_one_kind_each() -> None:
    examples = [
        *(example(name, digest="within") for name in ("a", "b")),
        *(example(name, split, digest="across") for name, split in (("c", "train"), ("d", "test"))),
        *(example(name, label=label, digest="contradicting") for name, label in (("e", "cat"), ("f", "dog"))),
        example("alone"),
    ]
    copies = find_copies(examples)
    assert {kind: [[one.name for one in group] for group in groups] for kind, groups in copies.items()} == {
        "within": [["a", "b"]],
        "across": [["c", "d"]],
        "contradicting": [["e", "f"]],
    }
    contradicting, across, within = copy_warnings(found(*examples))
    assert "a copy under another class: 1 (e = f); decide" in contradicting
    assert "a copy in another split: 1 (c = d); delete" in across
    assert "a copy in the same split: 1 (a = b); delete" in within


def test_small_uneven_and_lonely_classes_are_named_and_even_ones_need_no_warning() -> None:
    even = [one for split in ("train", "test") for label in ("cat", "dog") for one in many(label, 10, split)]
    assert all_warnings(found(*even)) == []
    examples = many("cat", 45) + many("dog", 9) + many("bird", 20, "test")
    few, in_train, in_test, uneven = class_warnings(found(*examples))
    assert "fewer than 10 images: 1 (dog 9)" in few
    assert "in train only: 2 (cat, dog); spread them" in in_train
    assert "in test only: 1 (bird); spread them" in in_test
    assert "(cat, 45) has 5.0 times as many images as the smallest (dog, 9)" in uneven


def test_samples_are_drawn_from_the_largest_and_the_smallest_classes() -> None:
    examples = [one for size in range(1, 21) for one in many(f"{size:02d}", size)]
    samples = samples_by_class(examples, seed=0, classes=4, each=3)
    assert {name: len(chosen) for name, chosen in samples.items()} == {"01": 1, "02": 2, "19": 3, "20": 3}
    assert samples == samples_by_class(examples, seed=0, classes=4, each=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Training images of two classes, a class in the test split alone, a copy, a corrupt file, an empty folder."""
    for index, name in enumerate(["train/cat/0", "train/dog/0", "val/cat/0", "test/bird/0"]):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("L", (6, 8), 9 * index).save(tmp_path / f"{name}.png")
    shutil.copy(tmp_path / "train/cat/0.png", tmp_path / "test/bird/copy.png")
    (tmp_path / "train/dog/corrupt.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "train/fish").mkdir()
    return tmp_path


def test_a_survey_goes_on_where_training_would_stop(folder: Path) -> None:
    problems = Problems()
    examples = survey_folders(folder, problems)
    assert DataCheck("", examples=examples).counts == {"train": 2, "validation": 1, "test": 2}
    assert {one.name for one in examples} >= {"train/cat/0.png", "val/cat/0.png", "test/bird/copy.png"}
    assert examples[0].measures == {"width": 6, "height": 8}
    assert problems.by_kind["class folders without images"] == ["train/fish"]
    assert problems.by_kind["unreadable images"] == ["train/dog/corrupt.jpg (not an image, or a damaged one)"]
    assert len(find_copies(examples)["contradicting"]) == 1


def report(check: DataCheck, output_dir: Path) -> None:
    images = {"cat <b>": [np.zeros((5, 9), np.uint8), np.zeros((90, 20, 3), np.uint8)]}
    config = SimpleNamespace(output_dir=output_dir, seed=3)
    write_check_report(check, config, Path("flowers"), samples=images)


def test_what_was_found_is_printed_recorded_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings = found(*many("cat", 10), *many("<dog>", 11), example("copy", label="<dog>", digest="train/<dog>/0"))
    findings.warnings = ["too few; add more."]
    report(findings, tmp_path)
    said = capsys.readouterr().out
    assert "10 to 12, median 11" in said
    assert "1. too few; add more." in said
    result = json.loads((tmp_path / "check_data.json").read_text())
    assert (result["usable"], result["refusal"], result["warnings"]) == (True, "", ["too few; add more."])
    assert result["metrics"] == {"train": {"examples": 22, "classes": {"<dog>": 12, "cat": 10}}}
    assert result["sizes"]["width"] == {"smallest": 8, "median": 8, "largest": 8}
    assert result["copies"]["within"] == {"groups": 1, "named": [["train: train/<dog>/0", "train: copy"]]}
    with Image.open(tmp_path / "data.png") as image:
        assert image.width > 100
    page = (tmp_path / "data.html").read_text()
    assert "&lt;dog&gt;" in page
    assert "too few; add more." in page
    assert "http" not in page


def test_refused_data_is_recorded_before_the_refusal(tmp_path: Path) -> None:
    findings = found(*many("cat", 10))
    findings.refusal = "one class only; add another."
    with pytest.raises(UserError, match="one class only"):
        report(findings, tmp_path)
    assert json.loads((tmp_path / "check_data.json").read_text())["usable"] is False
    assert "Training refuses this data: one class only" in (tmp_path / "data.html").read_text()
    nothing = found()
    nothing.refusal = "it is empty; put images there."
    with pytest.raises(UserError, match="it is empty"):
        report(nothing, tmp_path / "outputs")
    assert not (tmp_path / "outputs").exists(), "where there is nothing, nothing is written"
