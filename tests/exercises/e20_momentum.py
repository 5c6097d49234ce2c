"""Answers to exercise 20: a right one in another style, and plausible wrong ones."""

import torch
from torch import Tensor


def momentum_step__right_by_index(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    for index in range(len(parameters)):
        gradient = parameters[index].grad
        if gradient is None:
            continue
        velocities[index] *= momentum
        velocities[index] += gradient
        parameters[index].data -= rate * velocities[index]


def momentum_step__wrong_velocity_forgotten(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity = momentum * velocity + parameter.grad
                parameter -= rate * velocity


def momentum_step__wrong_average(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(momentum).add_((1 - momentum) * parameter.grad)
                parameter.sub_(rate * velocity)


def momentum_step__wrong_rate_in_the_velocity(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(momentum).add_(rate * parameter.grad)
                parameter.sub_(velocity)


def momentum_step__wrong_uphill(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(momentum).add_(parameter.grad)
                parameter.add_(rate * velocity)


def momentum_step__wrong_recorded(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    for parameter, velocity in zip(parameters, velocities, strict=True):
        if parameter.grad is not None:
            velocity.mul_(momentum).add_(parameter.grad)
            parameter.sub_(rate * velocity)


def momentum_step__wrong_new_tensors(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(momentum).add_(parameter.grad)
                parameter = parameter - rate * velocity


def momentum_step__wrong_none_ends_the_loop(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is None:
                return
            velocity.mul_(momentum).add_(parameter.grad)
            parameter.sub_(rate * velocity)


def momentum_step__wrong_none_not_expected(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity.mul_(momentum).add_(parameter.grad)
            parameter.sub_(rate * velocity)


def momentum_step__wrong_gradient_changed(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    with torch.no_grad():
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is not None:
                velocity.copy_(parameter.grad.add_(velocity, alpha=momentum))
                parameter.sub_(rate * velocity)
