"""Calibrated probabilities: temperature scaling, and the accuracy of predictions above a threshold."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from shared.metrics.multilabel import choose_thresholds

LOWEST, HIGHEST = 0.05, 20.0  # temperatures


def as_probabilities(logits: Tensor, several_labels: bool) -> Tensor:
    """The probability of each class, float [N, C]: of several labels, each by itself."""
    return logits.sigmoid() if several_labels else logits.softmax(1)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number that logits are divided by so that their probabilities fit best (Guo et al. 2017).

    It changes no prediction, only its confidence. Fit it on the validation split: on the training split a network is
    more confident than on any other data.

    Args:
        logits: float, shape [N, C].
        labels: class ids, int64 [N]; or several labels, float [N, C].

    Returns:
        Above 1 for an overconfident network, below 1 for an underconfident one; within 0.05 and 20. Not below 1 where
        every prediction is right: the likelihood would then be highest at the smallest temperature.
    """
    logits, several = logits.detach().double(), labels.dim() == 2
    labels = labels.double() if several else labels
    entropy = binary_cross_entropy_with_logits if several else cross_entropy
    lowest = 1.0 if ((logits > 0) == (labels > 0) if several else logits.argmax(1) == labels).all() else LOWEST
    scale = torch.zeros((), dtype=torch.float64, requires_grad=True)  # the logarithm of the temperature
    optimizer = torch.optim.LBFGS([scale], lr=0.5, max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = entropy(logits / scale.exp(), labels)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return min(HIGHEST, max(lowest, float(scale.detach().exp())))


def calibrate(logits: Tensor, labels: Tensor, classes: Sequence[str]) -> tuple[float, list[float]]:
    """The temperature of `fit_temperature`; and of several labels the thresholds of `choose_thresholds`, else none."""
    temperature = fit_temperature(logits, labels)
    return temperature, choose_thresholds(
        (logits / temperature).sigmoid(), labels, classes
    ) if labels.dim() == 2 else []


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
