"""Calibrated probabilities: temperature scaling, and the accuracy of predictions above a threshold."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.metrics.classification import calibration_error, classification_scores

LOWEST, HIGHEST = 0.05, 20.0  # temperatures


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number that logits are divided by so that their softmax fits best (Guo et al. 2017).

    It changes no prediction, only its confidence. Fit it on the validation split: on the training split a network is
    more confident than on any other data.

    Args:
        logits: float, shape [N, C].
        labels: int64, shape [N].

    Returns:
        Above 1 for an overconfident network, below 1 for an underconfident one; within 0.05 and 20. Not below 1 where
        every prediction is right: the likelihood would then be highest at the smallest temperature.
    """
    logits = logits.detach().double()
    lowest = 1.0 if (logits.argmax(1) == labels).all() else LOWEST
    scale = torch.zeros((), dtype=torch.float64, requires_grad=True)  # the logarithm of the temperature
    optimizer = torch.optim.LBFGS([scale], lr=0.5, max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(logits / scale.exp(), labels)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return min(HIGHEST, max(lowest, float(scale.detach().exp())))


def calibrated_scores(logits: Tensor, labels: Tensor, classes: list[str], temperature: float) -> dict[str, Any]:
    """All scores at that temperature (see `classification_scores`), and `calibration_error_before`, at temperature 1.

    Args:
        logits: float, shape [N, C].
        labels: int64, shape [N].
    """
    before = calibration_error(logits.softmax(1), labels)
    scores = classification_scores((logits / temperature).softmax(1), labels, classes)
    return scores | {"calibration_error_before": before}


def sure_answers(
    probabilities: Tensor, labels: Tensor, thresholds: Sequence[float]
) -> list[dict[str, float | int | None]]:
    """How many predictions are left, and how many of them are right, when those below a probability are left out.

    Args:
        probabilities: float, shape [N, C], rows summing to one.
        labels: int64, shape [N].

    Returns:
        For each threshold `min_probability`, `coverage` (share of the predictions that are left), `accuracy` of those
        (None where none is left) and their number `answered`.
    """
    confidence, predictions = probabilities.max(1)
    rows: list[dict[str, float | int | None]] = []
    for threshold in thresholds:
        right = (predictions == labels)[confidence >= threshold]
        accuracy = int(right.sum()) / len(right) if len(right) else None
        row = {"min_probability": threshold, "coverage": len(right) / len(labels), "accuracy": accuracy}
        rows.append(row | {"answered": len(right)})
    return rows
