"""Exercise 20, solved: in place, and without recording, because autograd must not see the step."""

import torch
from torch import Tensor


@torch.no_grad()
def momentum_step(parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float) -> None:
    """One step of gradient descent with momentum, in place."""
    for parameter, velocity in zip(parameters, velocities, strict=True):
        if parameter.grad is not None:
            velocity.mul_(momentum).add_(parameter.grad)
            parameter.sub_(rate * velocity)
