"""Scores, against values worked out by hand."""

import pytest
import torch

from shared.metrics.classification import classification_scores, training_metrics, wilson_interval

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


def test_a_class_without_examples_is_no_error() -> None:
    scores = classification_scores(PROBABILITIES[:2], LABELS[:2], CLASSES)
    assert scores["per_class"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_training_metrics_take_logits() -> None:
    metrics = training_metrics(3)
    metrics.update(PROBABILITIES.log(), LABELS)
    assert float(metrics.compute()["accuracy"]) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("right", "total", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (50, 100, (0.4038, 0.5962)), (0, 0, (0.0, 1.0))],
)
def test_wilson_interval_has_its_published_values(right: int, total: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(right, total) == pytest.approx(expected, abs=1e-4)
