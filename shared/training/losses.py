"""The loss of classification, with what unbalanced and noisy labels need."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.training.settings import TrainingConfig

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits [N, C] and labels int64 [N] to the mean loss."""


def class_weights(counts: Tensor, kind: Literal["none", "balanced", "sqrt"]) -> Tensor | None:
    """How much an example of each class counts; over the examples counted, the weights have the mean 1.

    Args:
        counts: examples (or pixels) of each class in the training split, shape [C]; a class without any gets weight 0.
        kind: `balanced` weighs by 1 / count, `sqrt` by its root, `none` not at all.

    Returns:
        float32, shape [C], or None for `none`.
    """
    if kind == "none":
        return None
    counts = counts.double()
    power = 1.0 if kind == "balanced" else 0.5
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -power, 0.0)
    return (weights * counts.sum() / (weights * counts).sum()).float()


def classification_loss(labels: Tensor, classes: int, config: TrainingConfig) -> Loss:
    """Cross-entropy with the class weights and the label smoothing that `config` asks for.

    The weighted losses are divided by the number of examples and not by the sum of their weights, so that a batch
    that is cut into splits, or shared by processes, has the loss of the whole.

    Args:
        labels: of the training split, int64 [N]; the class weights come from them.
    """
    weights = class_weights(torch.bincount(labels, minlength=classes), config.class_weights)

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        on_device = None if weights is None else weights.to(logits)
        smoothing = config.label_smoothing
        return cross_entropy(logits, labels, on_device, label_smoothing=smoothing, reduction="sum") / len(labels)

    return loss
