"""The optimizer, its learning-rate schedule, the frozen backbone, and the moving average of the weights."""

import copy
import math
import re
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from shared.training.settings import TrainingConfig
from shared.training.sharding import load_whole_weights, whole_weights


def make_optimizer(network: nn.Module, config: TrainingConfig, backbone: str = "") -> Optimizer:
    """AdamW (Loshchilov & Hutter 2019) with groups of parameters: by layer (see `layer_of`), with weight decay or not.

    Args:
        backbone: the name of the pretrained submodule, which learns at `config.backbone_lr_scale` times the rate.
    """
    learned = [
        (layer_of(name.rpartition(".")[0], backbone, config), parameter)
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    ]
    # Decay keeps matrices and kernels small, so that no single input dominates. Biases and the scales of norms have one
    # dimension: they are too few to overfit, and a scale near 0 switches its channel off (He et al. 2019, 3.1).
    groups = [
        {
            "params": [parameter for own, parameter in learned if own == layer and (parameter.ndim >= 2) == decays],
            "weight_decay": config.weight_decay if decays else 0.0,
            "lr": config.learning_rate * (config.backbone_lr_scale if layer else 1.0),
            "layer": layer,
        }
        for layer in dict.fromkeys(["", *(own for own, _ in learned)])
        for decays in (True, False)
    ]
    # fused: one kernel updates all parameters, where the default starts several for each.
    return AdamW([group for group in groups if group["params"]], fused=True)


def layer_of(module: str, backbone: str, config: TrainingConfig) -> str:
    """The layer of the pretrained part that a module, by its full name, belongs to; empty outside that part.

    With `config.unfreeze_epochs`, a layer is a numbered block, such as `backbone.blocks.3` or `encoder.layer.0`, or a
    module outside such blocks; without, the whole part is one layer.
    """
    if not backbone or not f"{module}.".startswith(f"{backbone}."):
        return ""
    if not config.unfreeze_epochs:
        return backbone
    block = re.match(rf"{re.escape(backbone)}\.(?:[^.]+\.)*?\d+(?=\.|$)", module)
    return block[0] if block else module


def freeze(network: nn.Module, backbone: str, optimizer: Optimizer, config: TrainingConfig, epoch: int) -> None:
    """Keep layers of the pretrained part and their running statistics as they are in an epoch; call it after `train()`.

    A new head starts with large random gradients, which would spoil the pretrained features: all layers wait for
    `config.freeze_epochs`. Then they begin to learn from the last to the first, over `config.unfreeze_epochs` (gradual
    unfreezing, Howard & Ruder 2018, 3.3): the first ones know edges or words, which other data needs changed least.
    Parameters that the optimizer does not have, because the project froze them for good, stay frozen.

    Args:
        epoch: the number of finished epochs.
    """
    if not backbone:
        return
    # The order in which a network defines its layers is taken for that from input to output.
    layers = [layer for layer in dict.fromkeys(group["layer"] for group in optimizer.param_groups) if layer]
    turns = epoch - config.freeze_epochs + 1  # of unfreeze_epochs + 1, at the last of which every layer learns
    learning = min(len(layers), max(0, math.ceil(len(layers) * turns / (config.unfreeze_epochs + 1))))
    waiting = layers[: len(layers) - learning]
    for name, module in network.named_modules():
        layer = layer_of(name, backbone, config)
        if layer in waiting or (layer and turns <= 0):
            module.training = False  # batch norm would update its running statistics without gradients too
    for group in optimizer.param_groups:
        if group["layer"]:
            for parameter in group["params"]:
                parameter.requires_grad_(group["layer"] not in waiting)


def make_schedule(optimizer: Optimizer, config: TrainingConfig, total_steps: int) -> LRScheduler:
    """The learning rate of every optimizer step, from `config.schedule`; all groups follow the same curve."""
    if config.schedule == "one_cycle":
        # A high rate in the middle crosses flat regions fast, a low one at the end settles in a minimum; momentum moves
        # against the rate, so that the two together do not overshoot (Smith 2018, "A disciplined approach", 4).
        highest = [group["lr"] for group in optimizer.param_groups]
        warmup = config.warmup_fraction
        if warmup * total_steps == 1:  # PyTorch would divide by the 0 steps from the first rate to the highest
            warmup *= 1 + 1e-9
        return OneCycleLR(optimizer, highest, total_steps=total_steps, pct_start=warmup)
    if config.schedule == "constant":
        return LambdaLR(optimizer, lambda _: 1.0)
    warmup_steps = max(1, round(config.warmup_fraction * total_steps))

    def cosine(step: int) -> float:
        # Warm-up: at first AdamW's second moments rest on few gradients, and its steps are noisy (Liu et al. 2020).
        if step < warmup_steps:
            return (step + 1) / warmup_steps  # + 1, because a rate of 0 would waste the first step
        # Half a cosine from 1 to 0 (Loshchilov & Hutter 2017, SGDR, without restarts).
        return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, total_steps - warmup_steps)))

    return LambdaLR(optimizer, cosine)


class WeightAverage:
    """An exponential moving average (EMA) of the weights and buffers, or the weights themselves with `decay` 0.

    The weights jump around a minimum from batch to batch; their average lies nearer to it (Polyak & Juditsky 1992) and
    usually scores better. It remembers about the last 1 / (1 - decay) steps. Training itself never reads it.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network = network
        self._decay = decay
        self._steps = 0
        self.model = copy.deepcopy(network) if decay else network
        """The network to validate and to save."""
        for module in self.model.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()  # cuDNN needs the weights in one block, and would copy them at every call

    def state_dict(self) -> dict[str, Any]:
        """The average and the number of steps in it; empty without an average."""
        return {"model": whole_weights(self.model), "steps": self._steps} if self._decay else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        if self._decay:
            load_whole_weights(self.model, state["model"])
            self._steps = state["steps"]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average toward the current weights, after an optimizer step."""
        if not self._decay:
            return
        # 0 at the first step, then 1/10, 2/11, ... up to the setting, so that a short run forgets its random start (as
        # TensorFlow's ExponentialMovingAverage does with num_updates).
        decay = min(self._decay, self._steps / (9 + self._steps))
        self._steps += 1
        groups, counters = self._tensors
        for averages, values in groups:
            torch._foreach_lerp_(averages, values, 1 - decay)  # average += (1 - decay) * (value - average)
        for average, value in counters:
            average.copy_(value)  # batch norm's count of batches is an integer, which has no average

    @cached_property
    def _tensors(self) -> tuple[list[tuple[list[Tensor], list[Tensor]]], list[tuple[Tensor, Tensor]]]:
        """The tensors of the average and of the network: (weights, floating buffers), and the pairs of counters.

        Weights and buffers are apart because FSDP shards the weights only, and no kernel mixes the two. Listed once,
        as walking through a small network takes longer than averaging it, and only after FSDP has replaced parameters.
        """
        weights = list(zip(self.model.parameters(), self._network.parameters(), strict=True))
        buffers = list(zip(self.model.buffers(), self._network.buffers(), strict=True))
        floating = [pair for pair in buffers if pair[0].is_floating_point()]
        counters = [pair for pair in buffers if not pair[0].is_floating_point()]
        groups = [([pair[0] for pair in pairs], [pair[1] for pair in pairs]) for pairs in (weights, floating) if pairs]
        return groups, counters
