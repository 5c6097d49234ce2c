"""What is minimized: cross-entropy, Dice, focal, and their sums."""

from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.data.masks import IGNORE
from shared.training.losses import Loss
from src.config import LossConfig


def make_loss(config: LossConfig, label_smoothing: float = 0.0, weights: Tensor | None = None) -> Loss:
    """The weighted sum of the losses that are switched on; targets are class ids or `IGNORE`, int64 [N, H, W].

    Args:
        weights: of the classes in the cross-entropy, float [C].
    """
    dice = DiceLoss("multiclass", ignore_index=IGNORE)

    def loss(logits: Tensor, masks: Tensor) -> Tensor:
        total = 0.0 * logits.sum()  # where all pixels are ignored, nothing is learned
        counted = int((masks != IGNORE).sum())
        if config.cross_entropy and counted:
            scale = None if weights is None else weights.to(logits)
            summed = cross_entropy(
                *by_pixel(logits, masks), scale, ignore_index=IGNORE, label_smoothing=label_smoothing, reduction="sum"
            )
            total = total + config.cross_entropy * summed / counted
        if config.dice:
            total = total + config.dice * dice(logits, masks)
        if config.focal and counted:
            total = total + config.focal * focal(logits, masks, counted)
        return total

    return loss


def focal(logits: Tensor, masks: Tensor, counted: int) -> Tensor:
    """Cross-entropy in which a pixel of probability p counts (1 - p)^2 (Lin et al. 2017, with gamma 2).

    The library's own is a sum over one-against-all losses; this one is that of the softmax, as `cross_entropy` is.
    """
    each = cross_entropy(*by_pixel(logits, masks), ignore_index=IGNORE, reduction="none")
    return ((1 - (-each).exp()) ** 2 * each).sum() / counted


def by_pixel(logits: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [N, C, H, W] and masks [N, H, W] as [N * H * W, C] and [N * H * W].

    On a GPU PyTorch adds up the loss of such a list in a fixed order, that of images in one that changes.
    """
    return logits.movedim(1, -1).flatten(0, 2), masks.flatten()
