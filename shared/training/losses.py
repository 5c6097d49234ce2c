"""The loss of classification, with class weights for unbalanced classes and label smoothing for noisy labels."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from shared.training.settings import TrainingConfig

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits float [N, C] and labels, int64 [N] or float [N, C], to the mean loss, a scalar."""


def class_weights(counts: Tensor, kind: Literal["none", "balanced", "sqrt"]) -> Tensor | None:
    """The weight of each class in the loss.

    Args:
        counts: examples (or pixels) of each class in the training split, shape [C]; a class without any gets weight 0.
        kind: `balanced` weighs by 1 / count, `sqrt` by 1 / sqrt(count), `none` not at all.

    Returns:
        float32, shape [C], or None for `none`.
    """
    if kind == "none":
        return None
    counts = counts.double()  # [C]; float32 cannot count beyond 16.8 million pixels
    # 1 / count also multiplies the noise of classes with few examples; the root is the compromise.
    power = 1.0 if kind == "balanced" else 0.5
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -power, 0.0)
    # Scaled to a mean of 1 over all examples, so that the learning rate means the same with weights and without.
    return (weights * counts.sum() / (weights * counts).sum()).float()


def classification_loss(labels: Tensor, classes: int, config: TrainingConfig) -> Loss:
    """Cross-entropy with the class weights and the label smoothing of `config`.

    Args:
        labels: of the training split, int64 [N]; the class weights are computed from them. Where they are several an
            example, float [N, C], see `label_loss`.
    """
    if labels.dim() == 2:
        return label_loss(labels, config)
    weights = class_weights(torch.bincount(labels, minlength=classes), config.class_weights)

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        on_device = None if weights is None else weights.to(logits)
        # Targets of 0.9 and not 1 stop the logits from growing without end (Szegedy et al. 2016, section 7).
        smoothing = config.label_smoothing
        total = cross_entropy(logits, labels, on_device, label_smoothing=smoothing, reduction="sum")  # [N, C] -> []
        # Divided by N and not, as "mean" does, by the sum of the weights: the losses of microbatches and of several
        # processes, weighted by their sizes, then add up to the loss of the whole batch.
        return total / len(labels)

    return loss


def label_loss(labels: Tensor, config: TrainingConfig) -> Loss:
    """Binary cross-entropy of each of several labels, with the label smoothing of `config`.

    Its class weights are the weights of positives: `balanced` weighs them by negatives / positives, so that both count
    the same; `sqrt` by the root of that.

    Args:
        labels: of the training split, 1 for each label of an example, float [N, C].
    """
    positives = labels.double().sum(0)  # [C]
    power = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}[config.class_weights]
    weights = (((len(labels) - positives) / positives.clamp(min=1)) ** power).float()

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        # A half is the target that says nothing, as an even spread over the classes does for class ids.
        targets = labels + config.label_smoothing * (0.5 - labels)
        return binary_cross_entropy_with_logits(logits, targets, pos_weight=weights.to(logits))  # [N, C] -> []

    return loss
