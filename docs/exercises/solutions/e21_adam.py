"""Exercise 21, solved: the averages are kept as they are, and only their copies are corrected for the start at zero."""

import torch
from torch import Tensor


@torch.no_grad()
def adamw_step(
    parameter: Tensor,
    state: dict[str, Tensor | int],
    rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.01,
) -> None:
    """One step of AdamW, in place."""
    step = state["step"] = state.get("step", 0) + 1
    gradient = parameter.grad
    parameter.mul_(1 - rate * decay)
    first = state["first"] = beta1 * state.get("first", 0) + (1 - beta1) * gradient
    second = state["second"] = beta2 * state.get("second", 0) + (1 - beta2) * gradient**2
    corrected = first / (1 - beta1**step)
    parameter.sub_(rate * corrected / ((second / (1 - beta2**step)).sqrt() + eps))
