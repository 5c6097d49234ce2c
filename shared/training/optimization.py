"""The optimizer, its learning-rate schedule, and the moving average of the weights."""

import copy
import math
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from shared.training.settings import TrainingConfig
from shared.training.sharding import load_whole_weights, whole_weights


def make_optimizer(network: nn.Module, config: TrainingConfig, backbone: str = "") -> Optimizer:
    """AdamW that decays matrices and kernels but not biases and norms (they only shift and scale).

    Args:
        backbone: the name of the pretrained submodule, which learns at `config.backbone_lr_scale` times the rate.
    """
    groups = [
        {
            "params": [
                parameter
                for name, parameter in network.named_parameters()
                if parameter.requires_grad
                and (parameter.ndim >= 2) == decays
                and (bool(backbone) and name.startswith(f"{backbone}.")) == is_backbone
            ],
            "weight_decay": config.weight_decay if decays else 0.0,
            "lr": config.learning_rate * (config.backbone_lr_scale if is_backbone else 1.0),
            "backbone": is_backbone,
        }
        for is_backbone in (False, True)
        for decays in (True, False)
    ]
    return AdamW([group for group in groups if group["params"]], fused=True)


def make_schedule(optimizer: Optimizer, config: TrainingConfig, total_steps: int) -> LRScheduler:
    """The learning rate of every optimizer step, from `config.schedule`; each group keeps its own proportion."""
    if config.schedule == "one_cycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        warmup = config.warmup_fraction
        if warmup * total_steps == 1:  # PyTorch divides by the steps from the first rate to the highest
            warmup *= 1 + 1e-9
        return OneCycleLR(optimizer, highest, total_steps=total_steps, pct_start=warmup)
    if config.schedule == "constant":
        return LambdaLR(optimizer, lambda _: 1.0)
    rising = max(1, round(config.warmup_fraction * total_steps))

    def cosine(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total_steps - rising)))

    return LambdaLR(optimizer, cosine)


class WeightAverage:
    """An exponential moving average of the weights and buffers (Polyak & Juditsky 1992), or the weights as they are.

    The decay starts low and grows to its setting, so that a short run does not keep its random start.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._network = network
        self._decay = decay
        self._steps = 0
        self.model = copy.deepcopy(network) if decay else network
        """The network to validate and to save."""
        for module in self.model.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()  # a copy's weights lie apart, which a GPU would mend at every call

    def state_dict(self) -> dict[str, Any]:
        """The average and how many steps are in it; empty without an average."""
        return {"model": whole_weights(self.model), "steps": self._steps} if self._decay else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` was called."""
        if self._decay:
            load_whole_weights(self.model, state["model"])
            self._steps = state["steps"]

    @torch.no_grad()
    def update(self) -> None:
        """Take the current weights into the average, after an optimizer step."""
        if not self._decay:
            return
        decay = min(self._decay, self._steps / (9 + self._steps))  # the first step replaces the random start
        self._steps += 1
        groups, counters = self._tensors
        for averages, values in groups:
            torch._foreach_lerp_(averages, values, 1 - decay)
        for average, value in counters:
            average.copy_(value)

    @cached_property
    def _tensors(self) -> tuple[list[tuple[list[Tensor], list[Tensor]]], list[tuple[Tensor, Tensor]]]:
        """The average's and the network's numbers in two groups, weights and buffers, and the pairs of counters.

        Two, because FSDP shares out the weights only, and nothing computes on shares and whole tensors together.
        Listed once, because walking through a network takes longer than averaging a small one; and at the first
        update, because sharing a network over processes gives its parameters another memory before.
        """
        weights = list(zip(self.model.parameters(), self._network.parameters(), strict=True))
        buffers = list(zip(self.model.buffers(), self._network.buffers(), strict=True))
        floating = [pair for pair in buffers if pair[0].is_floating_point()]
        counters = [pair for pair in buffers if not pair[0].is_floating_point()]
        groups = [([pair[0] for pair in pairs], [pair[1] for pair in pairs]) for pairs in (weights, floating) if pairs]
        return groups, counters
