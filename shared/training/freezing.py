"""Transfer learning: the pretrained part of a network waits, and then learns at a rate of its own."""

from torch import nn
from torch.optim import Optimizer

from shared.errors import UserError
from shared.training.settings import TrainingConfig


def check_backbone(network: nn.Module, backbone: str, config: TrainingConfig) -> None:
    """Refuse settings about the pretrained part of a network that has none.

    Args:
        backbone: the name of the submodule that is pretrained, as in `named_modules`; empty where there is none.
    """
    if backbone:
        network.get_submodule(backbone)
    elif config.freeze_epochs or config.backbone_lr_scale != 1:
        raise UserError(
            "training.freeze_epochs and training.backbone_lr_scale are for networks with a pretrained part, and this "
            "one has none; choose another model, or leave them at 0 and 1."
        )


def freeze(network: nn.Module, backbone: str, optimizer: Optimizer, frozen: bool) -> None:
    """Keep the pretrained part as it is, its running statistics too, or let it learn; call it after `train()`.

    Only what the optimizer has is touched: parameters that the project froze for good stay so.
    """
    if not backbone:
        return
    if frozen:
        network.get_submodule(backbone).eval()
    for group in optimizer.param_groups:
        if group["backbone"]:
            for parameter in group["params"]:
                parameter.requires_grad_(not frozen)
