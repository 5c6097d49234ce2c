"""Scores, against values worked out by hand."""

import math
from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing

from shared.metrics.classification import calibration_error, classification_scores, training_metrics, wilson_interval
from shared.metrics.multilabel import mean_average_precision
from shared.metrics.running import GatheredMetrics
from shared.metrics.verification import pair_auc

# Truth 0 0 1 1 2; the fourth is answered 2 instead of 1.
LABELS = torch.tensor([0, 0, 1, 1, 2])
PROBABILITIES = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.2, 0.2], [0.1, 0.7, 0.2], [0.1, 0.3, 0.6], [0.0, 0.1, 0.9]])
CLASSES = ["a", "b", "c"]


def test_scores_by_hand() -> None:
    scores = classification_scores(PROBABILITIES, LABELS, CLASSES)
    assert scores["accuracy"] == 0.8
    assert scores["confusion"] == [[2, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert scores["per_class"]["b"] == pytest.approx({"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2})
    assert scores["per_class"]["c"] == pytest.approx({"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1})
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    # Bins of 1/15: 0.6 twice (one right), 0.7, 0.8 and 0.9 alone.
    expected = (2 * abs(0.5 - 0.6) + 0.3 + 0.2 + 0.1) / 5
    assert scores["calibration_error"] == pytest.approx(expected, abs=1e-6)


def test_a_class_that_is_nowhere_is_no_error_and_left_out_of_the_mean() -> None:
    scores = classification_scores(PROBABILITIES[:3], LABELS[:3], CLASSES)
    assert scores["per_class"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert scores["macro_f1"] == 1
    metrics = training_metrics(3)
    metrics.update(PROBABILITIES[:3], LABELS[:3])
    assert metrics.compute()["macro_f1"] == 1


def test_bins_of_the_calibration_error() -> None:
    # 0.81 wrong and 0.85 right share the bin from 12/15 to 13/15; 1.0 is alone.
    confidence = torch.tensor([0.81, 0.85, 1.0])
    probabilities = torch.stack([confidence, 1 - confidence], 1)
    expected = (2 * abs(0.5 - 0.83) + 0) / 3
    assert calibration_error(probabilities, torch.tensor([1, 0, 0])) == pytest.approx(expected, abs=1e-6)


def test_training_metrics_take_logits_batch_by_batch() -> None:
    metrics = training_metrics(3)
    for _ in range(2):
        metrics.reset()
        metrics.update(PROBABILITIES[:2].log(), LABELS[:2])
        metrics.update(PROBABILITIES[2:].log(), LABELS[2:])
        assert metrics.compute() == {"accuracy": 0.8, "macro_f1": pytest.approx((1 + 2 / 3 + 2 / 3) / 3)}


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(RuntimeError):
        training_metrics(3).update(PROBABILITIES, LABELS + 1)


def test_processes_have_the_scores_of_one(tmp_path: Path) -> None:
    """The second process has no batch at all."""
    multiprocessing.start_processes(compare_over_processes, (tmp_path / "store",), nprocs=2, start_method="fork")


def compare_over_processes(rank: int, store: Path) -> None:
    embeddings, labels = PROBABILITIES, torch.tensor([0, 0, 1, 1, 0])
    scores = []
    for together in (False, True):
        if together:
            distributed.init_process_group("gloo", init_method=store.as_uri(), rank=rank, world_size=2)
        several = torch.eye(3)[labels]
        of_all = [(GatheredMetrics(pair_auc), labels), (GatheredMetrics(mean_average_precision), several)]
        for metrics, targets in [(training_metrics(3), labels), *of_all]:
            for part in (slice(0, 2), slice(2, 5)):
                if rank == 0 or not together:
                    metrics.update(embeddings[part], targets[part])
            scores.append(metrics.compute())
    distributed.destroy_process_group()
    assert scores[:3] == scores[3:]
    assert not any(math.isnan(value) for row in scores for value in row.values())


@pytest.mark.parametrize(
    ("right", "total", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (50, 100, (0.4038, 0.5962)), (0, 0, (0.0, 1.0))],
)
def test_wilson_interval_has_its_published_values(right: int, total: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(right, total) == pytest.approx(expected, abs=1e-4)
