"""The optimizer, its learning-rate schedule, and the moving average of the weights."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel

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


Tensors = tuple[Tensor, ...] | list[Tensor]


class WeightAverage:
    """An exponential moving average of the weights and buffers (Polyak & Juditsky 1992), or the weights as they are.

    The decay starts low and grows to its setting, so that a short run does not keep its random start.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._source = model
        self._decay = decay
        self._average = AveragedModel(model, multi_avg_fn=self._blend, use_buffers=True) if decay else None

    @property
    def model(self) -> nn.Module:
        """The network to validate and to save."""
        return self._average.module if self._average else self._source

    def state_dict(self) -> dict[str, Any]:
        """The average and how many steps are in it; empty without an average."""
        return self._average.state_dict() if self._average else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` was called."""
        if self._average:
            self._average.load_state_dict(state)

    def update(self) -> None:
        """Take the current weights into the average, after an optimizer step."""
        if self._average:
            self._average.update_parameters(self._source)

    @torch.no_grad()
    def _blend(self, averages: Tensors, values: Tensors, count: Tensor | int) -> None:
        decay = min(self._decay, (1 + int(count)) / (10 + int(count)))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, values, 1 - decay)
        else:
            torch._foreach_copy_(averages, values)
