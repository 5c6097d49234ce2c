"""Cross-validation tests each example once, never on its group, goes on after a stop, and finds wrong labels."""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from shared.config import to_plain
from shared.crossval import assign_folds, run_crossval
from shared.data.examples import Data, Examples
from shared.data.labels import has_label
from shared.data.sources import DataRecord
from shared.data.splits import Splits
from shared.errors import StoppedError, UserError
from shared.files import read_json, write_text
from shared.metrics.suspected import suspected_labels
from shared.report.sections import crossval_sections


@dataclass
class DataConfig:
    validation_fraction: float = 0.2


@dataclass
class Config:
    NOT_TRAINED: ClassVar[tuple[str, ...]] = ("output_dir", "log_dir")
    seed: int = 0
    output_dir: Path = Path("outputs")
    log_dir: Path = Path("logs")
    rate: float = 0.1
    data: DataConfig = field(default_factory=DataConfig)


def examples(count: int, seed: int = 0, groups: int = 0) -> Examples:
    """Points of three classes around three centers."""
    source = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    points = np.eye(3)[labels] * 4 + source.normal(size=(count, 3))
    named = [f"group {number}" for number in source.integers(0, groups, count)] if groups else []
    names = [f"{seed}-{index}" for index in range(count)]
    return Examples({"points": torch.tensor(points), "labels": torch.tensor(labels)}, names, named)


def data_of(groups: int = 0, train: int = 180) -> Data:
    record = DataRecord("sample", "", "")
    splits = Splits(examples(train, 0, groups), examples(60, 1, groups), examples(30, 2, groups))
    return Data(splits, ["a", "b", "c"], record)


class Trainer:
    """Nearest center; says what it saw."""

    def __init__(self, stop_at: int = 0) -> None:
        self.seen: list[Splits[Examples]] = []
        self.stop_at = stop_at

    def train(self, config: Config, resume: bool = False, *, data: Data) -> dict[str, Any]:
        assert not resume
        if len(self.seen) + 1 == self.stop_at:
            raise StoppedError("stopped")
        self.seen.append(data.splits)
        return {"config": to_plain(config, Path("/")), "best_epoch": 1, "seconds": 1.0}

    def evaluate(self, config: Config, *, data: Data) -> dict[str, Any]:
        assert "crossval" in config.output_dir.parts
        train, test = data.splits.train, data.splits.test
        held = [has_label(np.asarray(train["labels"]), label) for label in range(3)]
        centers = torch.stack([train["points"][own].mean(0) for own in held])
        probabilities = (-torch.cdist(test["points"], centers)).softmax(1)
        data.predicted["test"] = probabilities
        truth = test["labels"].argmax(1) if data.several_labels else test["labels"]
        accuracy = float((probabilities.argmax(1) == truth).double().mean())
        return {"metrics": {"test": {"accuracy": accuracy, "accuracy_interval": [0.0, 1.0]}}}

    def crossval(self, folder: Path, data: Data, rate: float = 0.1, **options: Any) -> dict[str, Any]:
        config = Config(output_dir=folder / "outputs", log_dir=folder / "logs", rate=rate)
        return run_crossval(config, Path("/"), data, self.train, self.evaluate, **options)


@pytest.mark.parametrize("include_test", [False, True])
@pytest.mark.parametrize("groups", [0, 20])
def test_each_example_is_tested_once_and_never_trained_on_with_its_group(
    groups: int, include_test: bool, tmp_path: Path
) -> None:
    data, trainer, outputs = data_of(groups), Trainer(), tmp_path / "outputs"
    write_text(outputs / "train.json", "mine")
    found = trainer.crossval(tmp_path, data, include_test=include_test)
    assert (outputs / "train.json").read_text() == "mine", "the current run stays as it is"
    assert {path.name for path in outputs.iterdir()} == {"train.json", "crossval", "crossval.json"}
    assert read_json(outputs / "crossval.json", "")["verb"] == "crossval"
    used = [data.splits.train, data.splits.validation] + [data.splits.test] * include_test
    assert sorted(name for splits in trainer.seen for name in splits.test.names) == sorted(
        name for split in used for name in split.names
    )
    for splits in trainer.seen:
        parts = [set(split.groups or split.names) for split in (splits.train, splits.validation, splits.test)]
        assert all(parts)
        assert sum(map(len, parts)) == len(set().union(*parts))
    scores = [row["accuracy"] for row in found["folds"]]
    assert found["metrics"]["folds"] == {
        "accuracy": np.mean(scores),
        "deviation": pytest.approx(np.std(scores, ddof=1)),
    }


def test_folds_have_their_share_of_each_class_and_copies_lie_in_one() -> None:
    few = examples(50)
    twice = Examples({name: torch.cat([column, column]) for name, column in few.columns.items()}, few.names * 2)
    found = assign_folds(twice, 5, seed=0)
    assert (found[:50] == found[50:]).all()
    shares = [np.bincount(twice["labels"][found == fold]) for fold in range(5)]
    assert np.ptp(shares, axis=0).max() <= 2
    texts = Examples({"texts": ["Good day", "good  DAY", "bad", "worse", "fine"]}, list("abcde"))
    found = assign_folds(texts, 4, seed=0)
    assert found[0] == found[1]


def test_a_stopped_cross_validation_goes_on_and_another_begins_anew(tmp_path: Path) -> None:
    data, whole = data_of(), Trainer().crossval(tmp_path / "whole", data_of())
    with pytest.raises(StoppedError):
        Trainer(stop_at=4).crossval(tmp_path, data)
    goes_on = Trainer()
    found = goes_on.crossval(tmp_path, data)
    assert len(goes_on.seen) == 2
    assert (found["folds"], found["suspected"]) == (whole["folds"], whole["suspected"])
    with pytest.raises(StoppedError):
        Trainer(stop_at=4).crossval(tmp_path, data)
    another = Trainer()
    another.crossval(tmp_path, data, rate=0.2)
    assert len(another.seen) == 5


def test_planted_wrong_labels_are_found_and_reported_for_their_data_alone(tmp_path: Path) -> None:
    data, planted = data_of(), list(range(0, 180, 12))
    labels = data.splits.train["labels"].clone()
    labels[planted] = (labels[planted] + 1) % 3
    wrong = replace(data.splits.train, columns=data.splits.train.columns | {"labels": labels})
    data = replace(data, splits=replace(data.splits, train=wrong))
    result = Trainer().crossval(tmp_path, data)
    outputs = tmp_path / "outputs"
    with (outputs / "crossval" / "suspected_labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result["suspected"]
    names = {wrong.names[index]: index for index in planted}
    found = [row for row in rows[: len(planted)] if row["name"] in names]
    assert len(found) >= 0.8 * len(planted)
    assert all(row["predicted"] == "abc"[examples(180)["labels"][names[row["name"]]]] for row in found)
    titles = [section.title for section in crossval_sections(outputs, data.digest)]
    assert titles == ["Cross-validation", "Labels that may be wrong"]
    assert crossval_sections(outputs, data_of().digest) == []


def test_of_several_labels_each_may_be_wrong_by_itself(tmp_path: Path) -> None:
    data, planted = data_of(), list(range(0, 180, 12))
    several = {
        name: replace(split, columns=split.columns | {"labels": torch.eye(3)[split["labels"]]})
        for name, split in vars(data.splits).items()
    }
    labels = several["train"]["labels"]
    labels[planted, 1] = 1  # they are of class a
    labels[[place + 2 for place in planted], 2] = 0  # they are of class c
    Trainer().crossval(tmp_path, replace(data, splits=Splits(**several)))
    with (tmp_path / "outputs" / "crossval" / "suspected_labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = several["train"].names
    expected = {(names[place], "b", "not b") for place in planted}
    expected |= {(names[place + 2], "not c", "c") for place in planted}
    found = [(row["name"], row["label"], row["predicted"]) for row in rows]
    assert expected >= {*found[:10]}
    assert {(label, predicted) for _, label, predicted in found} >= {("b", "not b"), ("not c", "c")}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)


def test_right_labels_that_a_network_is_sure_of_are_not_suspected() -> None:
    labels = np.arange(30) % 3
    sure = np.eye(3)[labels] * 0.7 + 0.1
    assert not len(suspected_labels(sure, labels)[0])


@pytest.mark.parametrize(("groups", "folds", "said"), [(3, 5, "3 groups"), (0, 1, "--folds"), (0, 300, "240 examples")])
def test_too_few_folds_or_groups_are_refused_before_any_training(
    groups: int, folds: int, said: str, tmp_path: Path
) -> None:
    trainer = Trainer()
    with pytest.raises(UserError, match=said):
        trainer.crossval(tmp_path, data_of(groups), folds=folds)
    assert not trainer.seen


def test_a_fold_whose_groups_have_a_class_alone_is_refused(tmp_path: Path) -> None:
    data = data_of(groups=10)
    alone = [
        replace(
            split, groups=["one" if split["labels"][place] == 2 else group for place, group in enumerate(split.groups)]
        )
        for split in (data.splits.train, data.splits.validation)
    ]
    trainer = Trainer()
    with pytest.raises(UserError, match="no example of c"):
        trainer.crossval(tmp_path, replace(data, splits=Splits(*alone, data.splits.test)))
    assert not trainer.seen
