"""Probabilities that mean what they say: temperature scaling, and what is left when the unsure answers are left out."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.metrics.classification import classification_scores

LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number that logits are divided by so that their softmax fits best (Guo et al. 2017).

    It changes no answer, only how sure it is. Fit it on the validation split: on the training split a network is surer
    than it will ever be again.

    Args:
        logits: float, shape [N, C].
        labels: int64, shape [N].

    Returns:
        Above 1 for a network that is too sure, below 1 for one that is not sure enough; within 0.05 and 20. Not below 1
        where every answer is right: the likelihood would then be highest for a network that is sure of everything.
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
    """All scores of the probabilities at that temperature (see `classification_scores`).

    Args:
        logits: float, shape [N, C].
        labels: int64, shape [N].

    Returns:
        Beside them `calibration_error_before`, that at temperature one.
    """
    plain = classification_scores(logits.softmax(1), labels, classes)
    return classification_scores((logits / temperature).softmax(1), labels, classes) | {
        "calibration_error_before": plain["calibration_error"]
    }


def sure_answers(
    probabilities: Tensor, labels: Tensor, thresholds: Sequence[float]
) -> list[dict[str, float | int | None]]:
    """How many answers are left, and how many of them are right, when those below a probability are left out.

    Args:
        probabilities: float, shape [N, C], rows summing to one.
        labels: int64, shape [N].

    Returns:
        For each threshold `min_probability`, `coverage` (share of the answers that are left), `accuracy` of those (None
        where none is left) and their number `answered`.
    """
    confidence, answers = probabilities.max(1)
    right = answers == labels
    rows: list[dict[str, float | int | None]] = []
    for threshold in thresholds:
        sure = confidence >= threshold
        count = int(sure.sum())
        accuracy = int((right & sure).sum()) / count if count else None
        rows.append(
            {
                "min_probability": threshold,
                "coverage": count / len(labels),
                "accuracy": accuracy,
                "answered": count,
            }
        )
    return rows
