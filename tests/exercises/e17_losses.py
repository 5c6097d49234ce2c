"""Answers to exercise 17: right ones in another style, and plausible wrong ones."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, softplus


def mean_squared_error__right_by_a_dot_product(predictions: Tensor, targets: Tensor) -> Tensor:
    errors = predictions.flatten() - targets
    return errors @ errors / len(targets)


def mean_absolute_error__right_by_a_column_of_targets(predictions: Tensor, targets: Tensor) -> Tensor:
    return torch.abs(predictions - targets[:, None]).mean()


def binary_cross_entropy__right_by_logsigmoid(logits: Tensor, labels: Tensor) -> Tensor:
    return -logsigmoid(torch.where(labels == 1, logits, -logits)).mean()


def mean_squared_error__wrong_broadcast(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions - targets).square().mean()


def mean_squared_error__wrong_sum(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions[:, 0] - targets).square().sum()


def mean_squared_error__wrong_root(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions[:, 0] - targets).square().mean().sqrt()


def mean_squared_error__wrong_no_mean(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions[:, 0] - targets).square()


def mean_absolute_error__wrong_broadcast(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions - targets).abs().mean()


def mean_absolute_error__wrong_absolute_value_last(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions[:, 0] - targets).mean().abs()


def binary_cross_entropy__wrong_log_of_a_probability(logits: Tensor, labels: Tensor) -> Tensor:
    probabilities = logits.sigmoid()
    return -(labels * probabilities.log() + (1 - labels) * (1 - probabilities).log()).mean()


def binary_cross_entropy__wrong_clamped_probability(logits: Tensor, labels: Tensor) -> Tensor:
    probabilities = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(labels * probabilities.log() + (1 - labels) * (1 - probabilities).log()).mean()


def binary_cross_entropy__wrong_a_sigmoid_too_many(logits: Tensor, labels: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits.sigmoid(), labels)


def binary_cross_entropy__wrong_only_the_yes(logits: Tensor, labels: Tensor) -> Tensor:
    return (labels * softplus(-logits)).mean()


def binary_cross_entropy__wrong_sign(logits: Tensor, labels: Tensor) -> Tensor:
    return (labels * softplus(logits) + (1 - labels) * softplus(-logits)).mean()
