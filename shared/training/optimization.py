"""The optimizer, its learning-rate schedule, and the moving average of the weights."""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from shared.training.settings import TrainingConfig


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """AdamW that decays matrices and kernels but not biases and norms (they only shift and scale)."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW([group for group in groups if group["params"]], lr=config.learning_rate, fused=True)


def make_schedule(optimizer: Optimizer, config: TrainingConfig, total_steps: int) -> LRScheduler:
    """The learning rate of every optimizer step, from `config.schedule`."""
    if config.schedule == "one_cycle":
        return OneCycleLR(optimizer, config.learning_rate, total_steps=total_steps, pct_start=config.warmup_fraction)
    if config.schedule == "constant":
        return LambdaLR(optimizer, lambda _: 1.0)
    warmup = max(1, round(config.warmup_fraction * total_steps))

    def cosine(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total_steps - warmup)))

    return LambdaLR(optimizer, cosine)


class WeightAverage:
    """An exponential moving average of the weights and buffers (Polyak & Juditsky 1992), or the weights as they are.

    The decay starts low and grows to its setting, so that a short run does not keep its random start.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self.model = copy.deepcopy(model) if decay else model
        """The network to validate and to save."""
        # Listed once, because walking through a network takes longer than averaging a small one; the parameters
        # themselves and no views of them, because sharing a network over processes gives them other memory.
        pairs = list(zip(_tensors(self.model), _tensors(model), strict=True))
        self._floating = [pair for pair in pairs if pair[0].is_floating_point()]
        self._others = [pair for pair in pairs if not pair[0].is_floating_point()]

    def state_dict(self) -> dict[str, Any]:
        """The average and how many steps are in it; empty without an average."""
        return {"model": self.model.state_dict(), "steps": self._steps} if self._decay else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` was called."""
        if self._decay:
            self.model.load_state_dict(state["model"])
            self._steps = state["steps"]

    @torch.no_grad()
    def update(self) -> None:
        """Take the current weights into the average, after an optimizer step."""
        if not self._decay:
            return
        decay = min(self._decay, self._steps / (9 + self._steps))  # the first step replaces the random start
        self._steps += 1
        averages, values = map(list, zip(*self._floating, strict=True))
        torch._foreach_lerp_(averages, values, 1 - decay)
        for average, value in self._others:  # counters
            average.copy_(value)


def _tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
