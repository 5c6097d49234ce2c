"""Scores of a classifier, by torchmetrics, and the interval that a score is known to."""

import math
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from torchmetrics.functional.classification import (
    multiclass_calibration_error,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)


def training_metrics(num_classes: int) -> MetricCollection:
    """What is watched while training: `accuracy` (share of right answers) and `macro_f1` (mean over classes)."""
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(num_classes, average="micro"),
            "macro_f1": MulticlassF1Score(num_classes, average="macro"),
        }
    )


def wilson_interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The interval that holds the true share with 95 % confidence, given `right` of `total` (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    center = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def classification_scores(probabilities: Tensor, labels: Tensor, classes: list[str]) -> dict[str, Any]:
    """All scores of a classifier on one split, as plain types.

    Args:
        probabilities: float, shape [N, C], rows summing to one.
        labels: int64, shape [N].

    Returns:
        `accuracy` with its 95 % interval `accuracy_interval`, `macro_f1`, `calibration_error` (expected, 15 bins; Guo
        et al. 2017), `per_class` (precision, recall, F1, support), `confusion` (rows are truth, columns answers).
    """
    count = len(classes)
    right = int((probabilities.argmax(1) == labels).sum())
    f1 = multiclass_f1_score(probabilities, labels, count, average=None)
    precision = multiclass_precision(probabilities, labels, count, average=None)
    recall = multiclass_recall(probabilities, labels, count, average=None)
    support = torch.bincount(labels, minlength=count)
    return {
        "accuracy": right / len(labels),
        "accuracy_interval": list(wilson_interval(right, len(labels))),
        "macro_f1": float(multiclass_f1_score(probabilities, labels, count, average="macro")),
        "calibration_error": float(multiclass_calibration_error(probabilities, labels, count, n_bins=15)),
        "examples": len(labels),
        "per_class": {
            name: {
                "precision": float(precision[index]),
                "recall": float(recall[index]),
                "f1": float(f1[index]),
                "support": int(support[index]),
            }
            for index, name in enumerate(classes)
        },
        "confusion": multiclass_confusion_matrix(probabilities, labels, count).tolist(),
    }
