"""Scores of a classifier of several labels an example: each is predicted by itself, from its own threshold on."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from shared.console import log
from shared.data.problems import named
from shared.metrics.classification import calibration_error
from shared.metrics.running import join_over_processes


class LabelMetrics:
    """The metrics of training: `mean_average_precision`, which needs no thresholds, and `macro_f1` at one half."""

    def __init__(self) -> None:
        self.reset()

    def reset(self, device: torch.device | str = "cpu") -> None:  # noqa: ARG002
        """See `Metrics`."""
        self.batches: list[tuple[Tensor, Tensor]] = []

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add a batch: logits, and 1 for each label of an example, both float [N, L]."""
        self.batches.append((logits.sigmoid().cpu(), targets.cpu()))

    def compute(self) -> dict[str, float]:
        """See `Metrics`."""
        probabilities, labels = map(torch.cat, zip(*join_over_processes(self.batches), strict=True))
        f1 = rates(probabilities >= 0.5, labels)[2]
        return {
            "mean_average_precision": float(average_precision(probabilities, labels).nanmean()),
            "macro_f1": float(f1.nanmean()),
        }


def average_precision(scores: Tensor, labels: Tensor) -> Tensor:
    """The precision of each label, averaged over its positives in the order of their scores, float64 [L].

    As scikit-learn computes it; NaN for a label without positives.

    Args:
        scores: higher where a label is more probable, float [N, L].
        labels: 1 for each label of an example, else 0, float [N, L].
    """
    found = []
    for hits, predicted, _ in _ranked(scores, labels):
        gained = hits.diff(prepend=hits.new_zeros(1))
        found.append((gained * hits / predicted).sum() / hits[-1])
    return torch.stack(found)


def choose_thresholds(probabilities: Tensor, labels: Tensor, classes: Sequence[str]) -> list[float]:
    """Of each label, the probability from which on predicting it gives the highest F1 on these examples.

    Choose them on the validation split. Of equal ones it is the one nearest to one half; a label without positives has
    one half, with a warning.

    Args:
        probabilities: float [N, L].
        labels: see `average_precision`.
    """
    thresholds = []
    for hits, predicted, scores in _ranked(probabilities, labels):
        f1 = 2 * hits / (predicted + hits[-1])
        below = torch.cat([scores[1:], scores.new_zeros(1)])  # midway to the next lower probability
        candidates = torch.where((below < 0.5) & (scores >= 0.5), 0.5, (scores + below) / 2)[f1 == f1.max()]
        thresholds.append(float(candidates[(candidates - 0.5).abs().argmin()]) if hits[-1] else 0.5)
    if missing := [name for name, count in zip(classes, labels.sum(0), strict=True) if not count]:
        log.warning(
            f"labels without validation examples, whose threshold stays at one half: {len(missing)} ({named(missing)})."
        )
    return thresholds


def _ranked(scores: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Of each label, by falling distinct scores: how many positives, and how many examples, score as high or higher."""
    for own, truth in zip(scores.double().T, labels.double().T, strict=True):
        order = own.argsort(descending=True)
        last = own[order].diff(append=own.new_full((1,), math.inf)) != 0  # of equal scores, all or none are predicted
        predicted = torch.arange(1, len(own) + 1, dtype=torch.float64)
        yield truth[order].cumsum(0)[last], predicted[last], own[order][last]


def rates(predictions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 of each label, float64 [L]; NaN where the divisor is 0 (see `class_rates`).

    Args:
        predictions: bool [N, L].
        labels: see `average_precision`.
    """
    right, predicted, truth = _counts(predictions, labels).sum(1)
    return right / predicted, right / truth, 2 * right / (predicted + truth)


def _counts(predictions: Tensor, labels: Tensor) -> Tensor:
    """Of each example and label, whether it is predicted rightly, predicted, and true, float64 [3, N, L]."""
    predicted, truth = predictions.double(), labels.double()
    return torch.stack([predicted * truth, predicted, truth])


def macro_f1_interval(predictions: Tensor, labels: Tensor) -> list[float]:
    """The 95 % interval of macro-F1: how much it varies when one example is left out (the jackknife, Tukey 1958)."""
    counts = _counts(predictions, labels)
    if counts.shape[1] < 2:
        return [0.0, 1.0]
    right, predicted, truth = counts.sum(1, keepdim=True) - counts  # each [N, L]
    without = (2 * right / (predicted + truth)).nanmean(1)  # [N]
    spread = 1.96 * float(((len(without) - 1) * without.var(correction=0)).sqrt())
    mean = float(rates(predictions, labels)[2].nanmean())
    return [max(0.0, mean - spread), min(1.0, mean + spread)]


def label_scores(
    probabilities: Tensor, labels: Tensor, classes: Sequence[str], thresholds: Sequence[float]
) -> dict[str, Any]:
    """All scores of a classifier of several labels on one split, as plain types.

    Args:
        probabilities: float [N, L].
        labels: see `average_precision`.
        thresholds: of each label, see `choose_thresholds`.

    Returns:
        `macro_f1` with its 95 % interval `macro_f1_interval`, and `macro_f1_at_half`, with one half for every label;
        `mean_average_precision`; `exact_match`, the share of examples with no wrong label, and `right`, 1 for each of
        them and 0 for the others, as text; `calibration_error` of all labels together; `examples`, their number; and
        `per_class` (precision, recall, F1, average precision, support, threshold; 0 where a rate has no value).
    """
    predictions = probabilities >= torch.tensor(thresholds, dtype=probabilities.dtype)  # [N, L]
    right = (predictions == (labels > 0)).all(1)
    by_label = [*rates(predictions, labels), average_precision(probabilities, labels)]
    rows = torch.stack(by_label, 1).nan_to_num().tolist()  # [L, 4]
    names = ("precision", "recall", "f1", "average_precision")
    return {
        "macro_f1": float(by_label[2].nanmean()),
        "macro_f1_interval": macro_f1_interval(predictions, labels),
        "macro_f1_at_half": float(rates(probabilities >= 0.5, labels)[2].nanmean()),
        "mean_average_precision": float(by_label[3].nanmean()),
        "exact_match": float(right.double().mean()),
        "calibration_error": calibration_error(probabilities, labels),
        "examples": len(labels),
        "per_class": {
            name: dict(zip(names, row, strict=True)) | {"support": int(support), "threshold": threshold}
            for name, row, support, threshold in zip(classes, rows, labels.sum(0), thresholds, strict=True)
        },
        "right": "".join(map(str, right.long().tolist())),
    }
