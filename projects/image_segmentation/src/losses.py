"""What is minimised: cross-entropy, Dice, focal, and their sums."""

from collections.abc import Callable

from segmentation_models_pytorch.losses import DiceLoss, FocalLoss
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.data.masks import IGNORE
from src.config import LossConfig

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits [N, C, H, W] and class ids or `IGNORE`, int64 [N, H, W], to the mean loss."""


def make_loss(config: LossConfig, label_smoothing: float = 0.0, weights: Tensor | None = None) -> Loss:
    """The weighted sum of the losses that are switched on.

    Args:
        weights: of the classes in the cross-entropy, float [C].
    """
    dice = DiceLoss("multiclass", ignore_index=IGNORE)
    focal = FocalLoss("multiclass", ignore_index=IGNORE)

    def loss(logits: Tensor, masks: Tensor) -> Tensor:
        total = logits.new_zeros(())
        if config.cross_entropy:
            scale = None if weights is None else weights.to(logits.device)
            total = total + config.cross_entropy * cross_entropy(
                logits, masks, scale, ignore_index=IGNORE, label_smoothing=label_smoothing
            )
        if config.dice:
            total = total + config.dice * dice(logits, masks)
        if config.focal:
            total = total + config.focal * focal(logits, masks)
        return total

    return loss
