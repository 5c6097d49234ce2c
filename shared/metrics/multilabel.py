"""Scores of a classifier of several labels an example: each is predicted by itself, from its own threshold on."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from shared.console import log
from shared.data.problems import named
from shared.metrics.classification import calibration_error, jackknife_interval


def mean_average_precision(scores: Tensor, labels: Tensor) -> dict[str, float]:
    """The metric of training, which needs no thresholds; of logits or probabilities, see `average_precision`."""
    return {"mean_average_precision": float(average_precision(scores, labels).nanmean())}


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
        predicted = torch.arange(1, len(own) + 1, device=own.device).double()
        yield truth[order].cumsum(0)[last], predicted[last], own[order][last]


def _counts(predictions: Tensor, labels: Tensor) -> Tensor:
    """Of each example and label, whether it is rightly predicted, predicted, and true, float64 [3, N, L]."""
    predicted, truth = predictions.double(), labels.double()
    return torch.stack([predicted * truth, predicted, truth])


def _f1(counts: Tensor) -> Tensor:
    """From sums of `_counts`, float64 [3, ..., L], to F1 [..., L]; NaN for a label neither true nor predicted."""
    return 2 * counts[0] / (counts[1] + counts[2])


def label_scores(
    probabilities: Tensor, labels: Tensor, classes: Sequence[str], thresholds: Sequence[float]
) -> dict[str, Any]:
    """All scores of a classifier of several labels on one split, as plain types.

    Args:
        probabilities: float [N, L].
        labels: see `average_precision`.
        thresholds: of each label, see `choose_thresholds`.

    Returns:
        `macro_f1`, the mean F1 of the labels that occur in the truth or in the predictions, with its 95 % interval
        `macro_f1_interval` (see `jackknife_interval`), and `macro_f1_at_half`, with one half for every label;
        `mean_average_precision`; `exact_match`, the share of examples with no wrong label, and `right`, 1 for each of
        them and 0 for the others, as text; `calibration_error` of all labels together; `examples`, their number; and
        `per_class` (precision, recall, F1, average precision, support, threshold; 0 where a rate has no value).
    """
    predictions = probabilities >= torch.tensor(thresholds, dtype=probabilities.dtype)  # [N, L]
    exact = (predictions == (labels > 0)).all(1)
    counts = _counts(predictions, labels)
    right, predicted, truth = whole = counts.sum(1)
    mean = float(_f1(whole).nanmean())
    without = _f1(whole[:, None] - counts).nanmean(1)  # [N]
    precision = average_precision(probabilities, labels)
    rows = torch.stack([right / predicted, right / truth, _f1(whole), precision], 1).nan_to_num().tolist()  # [L, 4]
    names = ("precision", "recall", "f1", "average_precision")
    return {
        "macro_f1": mean,
        "macro_f1_interval": jackknife_interval(mean, without),
        "macro_f1_at_half": float(_f1(_counts(probabilities >= 0.5, labels).sum(1)).nanmean()),
        "mean_average_precision": float(precision.nanmean()),
        "exact_match": float(exact.double().mean()),
        "calibration_error": calibration_error(probabilities, labels),
        "examples": len(labels),
        "per_class": {
            name: dict(zip(names, row, strict=True)) | {"support": int(support), "threshold": threshold}
            for name, row, support, threshold in zip(classes, rows, truth, thresholds, strict=True)
        },
        "right": "".join(map(str, exact.long().tolist())),
    }
