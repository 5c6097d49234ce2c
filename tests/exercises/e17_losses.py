"""Answers to exercise 17: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def mean_squared_error__right_by_a_dot_product(predictions: Tensor, targets: Tensor) -> Tensor:
    errors = predictions.flatten() - targets
    return errors @ errors / len(targets)


def mean_absolute_error__right_by_a_column_of_targets(predictions: Tensor, targets: Tensor) -> Tensor:
    return torch.abs(predictions - targets[:, None]).mean()


def binary_cross_entropy__right_by_logsigmoid(logits: Tensor, labels: Tensor) -> Tensor:
    return -logsigmoid(torch.where(labels == 1, logits, -logits)).mean()


ENTROPY = "return (labels * softplus(-logits) + (1 - labels) * softplus(logits))"
LOGARITHMS = "return -(labels * p.log() + (1 - labels) * (1 - p).log())"
MISTAKES = {
    "broadcast": ("(predictions.squeeze(1) - targets).square()", "(predictions - targets).square()"),
    "sum": (".square().mean()", ".square().sum()"),
    "root": (".square().mean()", ".square().mean().sqrt()"),
    "no mean": (".square().mean()", ".square()"),
    "absolute broadcast": ("(predictions.squeeze(1) - targets).abs()", "(predictions - targets).abs()"),
    "absolute value last": (".abs().mean()", ".mean().abs()"),
    "log of a probability": (ENTROPY, f"p = logits.sigmoid()\n    {LOGARITHMS}"),
    "clamped probability": (ENTROPY, f"p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)\n    {LOGARITHMS}"),
    "a sigmoid too many": (ENTROPY, f"logits = logits.sigmoid()\n    {ENTROPY}"),
    "only the yes": (" + (1 - labels) * softplus(logits)", ""),
    "sign": ("softplus(-logits)", "softplus(+logits)", "softplus(logits)", "softplus(-logits)"),
}
