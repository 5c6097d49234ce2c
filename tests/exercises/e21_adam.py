"""Answers to exercise 21: a right one in another style, and edits of the solution that make it wrong."""

import math
from typing import Any

import torch
from torch import Tensor


def averages(gradient: Tensor, state: dict[str, Any], beta1: float, beta2: float) -> tuple[int, Tensor, Tensor]:
    """Count the step and update the two averages in `state`."""
    state["step"] = state.get("step", 0) + 1
    first = state.setdefault("first", torch.zeros_like(gradient)).lerp_(gradient, 1 - beta1)
    second = state.setdefault("second", torch.zeros_like(gradient)).lerp_(gradient.square(), 1 - beta2)
    return state["step"], first, second


def adamw_step__right_in_place(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    denominator = second.sqrt().div_(math.sqrt(1 - beta2**step)).add_(eps)
    parameter.data.mul_(1 - rate * decay).addcdiv_(first, denominator, value=-rate / (1 - beta1**step))


MISTAKES = {
    "no correction": ("corrected / ((second / (1 - beta2**step)).sqrt() + eps)", "first / (second.sqrt() + eps)"),
    "decay in the gradient": (
        "gradient = parameter.grad\n    parameter.mul_(1 - rate * decay)",
        "gradient = parameter.grad + decay * parameter",
    ),
    "decay without the rate": ("1 - rate * decay", "1 - decay"),
    "eps under the root": ("((second / (1 - beta2**step)).sqrt() + eps)", "(second / (1 - beta2**step) + eps).sqrt()"),
    "corrected average kept": ("corrected = first", 'corrected = state["first"] = first'),
    "no root": (".sqrt() + eps", " + eps"),
    "betas exchanged": ('step = state["step"]', 'beta1, beta2 = beta2, beta1\n    step = state["step"]'),
    "state forgotten": ('step = state["step"]', 'state = {}\n    step = state["step"]'),
    "step not counted": ('state.get("step", 0) + 1', "1"),
    "gradient squared in place": ("gradient**2", "gradient.square_()"),
    "recorded": ("@torch.no_grad()\n", ""),
}
