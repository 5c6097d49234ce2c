"""What training minimizes: cross-entropy, Dice, focal loss, and their weighted sum."""

from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor
from torch.nn.functional import cross_entropy

from shared.training.losses import Loss
from src.config import LossConfig
from src.masks import IGNORE


def make_loss(config: LossConfig, label_smoothing: float = 0.0, weights: Tensor | None = None) -> Loss:
    """The weighted sum of losses: from logits [N, C, H, W] and masks int64 [N, H, W] to a mean over the pixels.

    Cross-entropy counts pixels, so large classes dominate it, and its gradient is smooth from the first step. Dice
    (Milletari et al. 2016) counts overlap, so each class weighs the same, but it is noisy at the start. Hence the sum.

    Args:
        weights: of the classes in the cross-entropy, float [C].
    """
    dice = DiceLoss("multiclass", ignore_index=IGNORE)

    def loss(logits: Tensor, masks: Tensor) -> Tensor:
        total = 0.0 * logits.sum()  # a loss of 0 with a gradient, for a batch in which all pixels are ignored
        counted = int((masks != IGNORE).sum())
        pixels, ids = as_pixels(logits, masks)
        if config.cross_entropy and counted:
            scale = None if weights is None else weights.to(logits)
            summed = cross_entropy(
                pixels, ids, scale, ignore_index=IGNORE, label_smoothing=label_smoothing, reduction="sum"
            )
            # Divided by pixels and not by the sum of their weights: batches of rare classes keep their weight.
            total = total + config.cross_entropy * summed / counted
        if config.dice:
            total = total + config.dice * dice(logits, masks)
        if config.focal and counted:
            # A pixel whose class has the probability p counts (1 - p)^2 (Lin et al. 2017, gamma = 2). The library's own
            # focal loss sums over one-against-all losses; this one uses the softmax, as the cross-entropy does.
            each = cross_entropy(pixels, ids, ignore_index=IGNORE, reduction="none")  # -log p, [N * H * W]
            total = total + config.focal * ((1 - (-each).exp()) ** 2 * each).sum() / counted
        return total

    return loss


def as_pixels(logits: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [N, C, H, W] and masks [N, H, W] as lists of pixels, [N * H * W, C] and [N * H * W].

    On a GPU, PyTorch sums the loss of such a list in a fixed order; for images the order, and the last bits, vary.
    """
    return logits.movedim(1, -1).flatten(0, 2), masks.flatten()
