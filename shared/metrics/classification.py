"""Scores of a classifier, and the confidence interval of an accuracy.

All but the calibration error follow from one confusion matrix. The formulas stand here, a line each, because an import
of scikit-learn or torchmetrics would delay every start of a training by seconds.
"""

import math
from typing import Any

import torch
from torch import Tensor

from shared.metrics.running import ConfusionMetrics, confusion

CALIBRATION_BINS = 15
"""As in the experiments of Guo et al. 2017."""


def training_metrics(num_classes: int) -> ConfusionMetrics:
    """The metrics of training: `accuracy` (share of right predictions) and `macro_f1` (mean over classes)."""

    def scores(counts: Tensor) -> dict[str, float]:
        accuracy = counts.trace().double() / counts.sum()
        return {"accuracy": float(accuracy), "macro_f1": float(class_rates(counts)[2].nanmean())}

    return ConfusionMetrics(num_classes, scores)


def class_rates(counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 of each class, float64 [C], from confusion counts, int64 [C, C].

    NaN where the divisor is 0: the precision of a class never predicted, the recall of a class without examples, the F1
    of a class of which both are so.
    """
    counts = counts.double()
    right, truth, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    return right / predicted, right / truth, 2 * right / (truth + predicted)


def calibration_error(probabilities: Tensor, labels: Tensor) -> float:
    """How far confidence is from accuracy: the mean over bins of equal width, by their examples (Guo et al. 2017).

    Args:
        probabilities: float, shape [N, C], rows summing to one where labels are class ids.
        labels: class ids, int64 [N]; or several labels, float [N, C], of which each counts by itself.
    """
    confidence, right = confidences(probabilities, labels)
    # |mean confidence - accuracy| * examples / N is |sum of differences| / N, so no bin is divided by its size.
    return float(calibration_gaps(confidence, right).abs().sum() / len(right))


def confidences(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The probability of each prediction, float [N], and whether it is right, bool [N]; see `calibration_error`.

    Of several labels, the N x C predictions are that a label is there.
    """
    if labels.dim() == 2:
        return probabilities.flatten(), labels.flatten() > 0
    confidence, predictions = probabilities.max(1)
    return confidence, predictions == labels


def calibration_gaps(confidence: Tensor, right: Tensor) -> Tensor:
    """The sum of confidence minus correctness in each bin, float64 [bins + 1]; sums of several batches can be added.

    Args:
        confidence: the probability of each prediction, float [N].
        right: whether each is right, bool [N].
    """
    edges = torch.linspace(0, 1, CALIBRATION_BINS + 1, dtype=confidence.dtype)
    # A confidence on an edge belongs to the bin above it, and 1 to a bin after the last, as in torchmetrics.
    bins = torch.bucketize(confidence, edges[1:], right=True)
    gaps = confidence.double() - right.double()
    return torch.zeros(CALIBRATION_BINS + 1, dtype=torch.float64).index_add_(0, bins, gaps)


def wilson_interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The interval that holds the true share with 95 % confidence, given `right` of `total` (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    center = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def jackknife_interval(score: float, without: Tensor) -> list[float]:
    """The 95 % interval of a score: how much it varies when one example is left out (Tukey 1958).

    Args:
        without: the score without each example in turn, float [N]; of a single one, nothing is known: 0 to 1.
    """
    if len(without) < 2:
        return [0.0, 1.0]
    spread = 1.96 * float(((len(without) - 1) * without.var(correction=0)).sqrt())
    return [max(0.0, score - spread), min(1.0, score + spread)]


def classification_scores(probabilities: Tensor, labels: Tensor, classes: list[str]) -> dict[str, Any]:
    """All scores of a classifier on one split, as plain types.

    Args:
        probabilities: float, shape [N, C], rows summing to one.
        labels: int64, shape [N].

    Returns:
        `accuracy` with its 95 % interval `accuracy_interval`, `macro_f1` (without the classes that occur neither in the
        truth nor in the predictions), `calibration_error`, `examples` (their number), `per_class` (precision, recall,
        F1, support; 0 where a rate has no value), `confusion` (rows are truth, columns predictions), and `right`: of
        each example in turn, 1 for a right prediction and 0 for a wrong one, as text.
    """
    predictions = probabilities.argmax(1)
    counts = confusion(predictions, labels, len(classes))
    right, rates = int(counts.trace()), class_rates(counts)
    rows = torch.stack([*rates, counts.sum(1)], 1).nan_to_num().tolist()  # [C, 4]
    return {
        "accuracy": right / len(labels),
        "accuracy_interval": list(wilson_interval(right, len(labels))),
        "macro_f1": float(rates[2].nanmean()),
        "calibration_error": calibration_error(probabilities, labels),
        "examples": len(labels),
        "per_class": {
            name: {"precision": precision, "recall": recall, "f1": f1, "support": int(support)}
            for name, (precision, recall, f1, support) in zip(classes, rows, strict=True)
        },
        "confusion": counts.tolist(),
        "right": "".join(map(str, (predictions == labels).long().tolist())),
    }
