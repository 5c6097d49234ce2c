"""What a run says of itself: a baseline that is not beaten, epochs that were added, the time left, what comes next."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shared import console
from shared.config import load
from shared.console import duration, track
from shared.data.examples import Examples, joined
from shared.data.sources import DataSource, load_present, load_source
from shared.errors import UserError
from shared.evaluation import beside_baselines, confusions
from shared.metrics.classification import jackknife_interval
from shared.metrics.segmentation import SegmentationScores
from shared.settings import BaseConfig
from shared.training.run import with_enough_epochs
from shared.training.trained import note_trained_on
from shared.verbs import warn_if_not_beaten


def scored(score: float, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    return {"accuracy": score, "accuracy_interval": [low, high]}


def results(low: float, high: float, **train: Any) -> dict[str, dict[str, Any]]:
    """A network whose test score is 0.8, beside the baselines `chosen`, best on validation, and `lucky`, on test."""
    return {
        "train": {"history": [{}] * 10, "steps": 30, "best_epoch": 4, **train},
        "evaluate": {"metrics": {"test": scored(0.8, low, high)}},
        "baseline": {
            "metrics": {
                "chosen": {"validation": scored(0.9), "test": scored(0.7)},
                "lucky": {"validation": scored(0.5), "test": scored(0.99)},
            }
        },
    }


def test_a_network_is_compared_with_the_baseline_that_is_best_on_validation(capsys: pytest.CaptureFixture[str]) -> None:
    beaten, sentence = beside_baselines(results(0.71, 0.9))
    assert beaten
    assert "chosen, the best on validation" in sentence
    warn_if_not_beaten(results(0.71, 0.9))
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("train", "first"),
    [
        ({}, "--training.epochs 50"),
        ({"steps": 400}, "--training.epochs 20"),
        ({"steps": 5000, "best_epoch": 10}, "--training.epochs 20"),
        ({"steps": 5000}, "sweep"),
        ({"steps": 0, "history": [], "best_epoch": 0}, "sweep"),
        ({"try_first": "--tokenizer.max_tokens 256"}, "run --tokenizer.max_tokens 256"),
    ],
)
def test_a_baseline_that_is_not_beaten_is_the_last_line_with_what_to_try(
    train: dict[str, Any], first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_if_not_beaten(results(0.69, 0.9, **train))
    printed = capsys.readouterr().err
    assert "not beaten beyond the interval" in printed
    assert first in printed
    below = results(0.5, 0.65, **train)
    assert "better than the network" in beside_baselines(below)[1]


def test_the_interval_of_an_overlap_is_wider_with_few_images_that_differ() -> None:
    def interval(images: int) -> list[float]:
        scores = SegmentationScores(["a", "b"], 255, outlines=False)
        for index in range(images):
            truth = torch.tensor([[0, 1, 1, 0]])
            scores.add(str(index), truth.clone().fill_(index % 2) if index % 3 else truth, truth)
        pooled = scores.compute()["pooled"]
        low, high = pooled["mean_iou_interval"]
        assert low < pooled["mean_iou"] < high
        return [low, high]

    few, many = np.diff(interval(6)), np.diff(interval(60))
    assert few > 2 * many
    assert jackknife_interval(0.6, torch.tensor([0.6])) == [0.0, 1.0], "of one image, nothing is known"
    assert jackknife_interval(0.6, torch.full((5,), 0.6)) == pytest.approx([0.6, 0.6])


def test_the_pairs_confused_most_often_come_first() -> None:
    assert confusions([[5, 2, 0], [9, 5, 1], [0, 0, 5]], ["a", "b", "c"], most=2) == "b as a (9), a as b (2)"
    assert confusions([[5, 0], [0, 5]], ["a", "b"]) == ""


def test_small_data_gets_more_epochs_unless_the_user_says_how_many(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "config.yaml").write_text("training: {epochs: 10, min_steps: 200}\n")
    (tmp_path / "mine.yaml").write_text("training: {epochs: 10}\n")
    config = load(BaseConfig, tmp_path)
    longer, said = with_enough_epochs(config, steps_per_epoch=3)
    assert (longer.training.epochs, said) == (67, {"epochs_wanted": 10})
    assert with_enough_epochs(longer, 3) == (longer, {})  # a resumed run reads this configuration
    assert with_enough_epochs(config, 20) == (config, {})
    for own in (
        load(BaseConfig, tmp_path, None, "--training.epochs", "2"),
        load(BaseConfig, tmp_path, None, "--config", str(tmp_path / "mine.yaml")),
        load(BaseConfig, tmp_path, None, "--training.min_steps", "0"),
    ):
        assert with_enough_epochs(own, 3) == (own, {})
    both = load(BaseConfig, tmp_path, None, "--training.epochs", "2", "--training.min_steps", "9")
    assert with_enough_epochs(both, 3)[0].training.epochs == 3


def test_without_a_terminal_a_line_now_and_then_says_how_much_time_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 100_000, 10))  # seconds; each item takes ten
    monkeypatch.setattr(console, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    assert list(track(range(9), "read")) == list(range(9))
    lines = [f"read: {done} of 9, {10 * (9 - done)} s left" for done in (2, 4, 6, 8)]
    assert capsys.readouterr().out.splitlines() == lines
    assert list(track(iter([1, 2]), "read")) == [1, 2]  # their number is not known
    list(track(range(2), "epoch 3 of 5, steps", 10, done=4, rest=2))
    assert capsys.readouterr().out.splitlines() == ["read: 2", "epoch 3 of 5, steps: 6 of 10, 40 s left, 4 min in all"]
    assert [duration(seconds) for seconds in (7.4, 600, 7200)] == ["7 s", "10 min", "2.0 h"]


def test_examples_that_were_trained_on_are_known_by_their_content(capsys: pytest.CaptureFixture[str]) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(6, 4)
    first = Examples({"images": images[:4], "labels": np.zeros(4, np.int64)}, list("abcd"))
    other = Examples({"images": images[3:], "labels": np.ones(3, np.int64)}, list("xyz"))
    trained: Any = types.SimpleNamespace(metadata={"trained_on": "".join(first.as_tensors().fingerprints())})
    assert note_trained_on(trained, other.as_tensors()) == {"trained_on": 1}  # whatever its name and label
    assert "1 of these 3 examples (x)" in capsys.readouterr().err
    assert note_trained_on(trained, other.at([1, 2])) == {"trained_on": 0}
    assert not capsys.readouterr().err
    both = joined([first, other])
    assert both.names == list("abcdxyz")
    assert both["labels"].tolist() == [0] * 4 + [1] * 3
    texts = Examples({"texts": ["one", "two"]}, ["1", "2"])
    assert joined([texts, texts.at([])])["texts"] == ["one", "two"]
    assert len(set(texts.fingerprints())) == 2


def test_a_folder_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    found = types.SimpleNamespace(description="own", license="free")
    sources: Any = {"folder": DataSource(lambda _: found, lambda root: (root / "a").is_dir())}
    for load_it in (lambda root: load_source("folder", root, sources), lambda root: load_present(root, sources)):
        with pytest.raises(UserError, match="gone"):
            load_it(tmp_path / "gone")
    with pytest.raises(UserError, match="none of the known data layouts"):
        load_present(tmp_path, sources)
    (tmp_path / "a").mkdir()
    assert load_present(tmp_path, sources)[1].source == "folder"


def test_training_alone_names_a_next_step_that_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from shared.cli import _name_next

    _name_next(tmp_path, tmp_path / "outputs")
    _name_next(tmp_path, tmp_path / "two words")
    plain, elsewhere = capsys.readouterr().out.splitlines()
    assert f"{tmp_path / 'main.py'} evaluate (" in plain
    assert f"evaluate --output_dir '{tmp_path / 'two words'}'" in elsewhere
    assert Path(sys.executable).name in plain
