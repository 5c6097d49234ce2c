"""Answers to exercise 21: a right one in another style, and plausible wrong ones."""

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


def adamw_step__wrong_no_correction(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    _, first, second = averages(parameter.grad, state, beta1, beta2)
    parameter.data -= rate * decay * parameter.data
    parameter.data -= rate * first / (second.sqrt() + eps)


def adamw_step__wrong_decay_in_the_gradient(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    gradient = parameter.grad + decay * parameter.data
    step, first, second = averages(gradient, state, beta1, beta2)
    parameter.data -= rate * first / (1 - beta1**step) / ((second / (1 - beta2**step)).sqrt() + eps)


def adamw_step__wrong_decay_without_the_rate(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    parameter.data *= 1 - decay
    parameter.data -= rate * first / (1 - beta1**step) / ((second / (1 - beta2**step)).sqrt() + eps)


def adamw_step__wrong_eps_under_the_root(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    parameter.data *= 1 - rate * decay
    parameter.data -= rate * first / (1 - beta1**step) / (second / (1 - beta2**step) + eps).sqrt()


def adamw_step__wrong_corrected_averages_kept(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    first /= 1 - beta1**step
    second /= 1 - beta2**step
    parameter.data *= 1 - rate * decay
    parameter.data -= rate * first / (second.sqrt() + eps)


def adamw_step__wrong_no_root(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    parameter.data *= 1 - rate * decay
    parameter.data -= rate * first / (1 - beta1**step) / (second / (1 - beta2**step) + eps)


def adamw_step__wrong_betas_exchanged(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    adamw_step__right_in_place(parameter, state, rate, beta2, beta1, eps, decay)


def adamw_step__wrong_state_forgotten(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    adamw_step__right_in_place(parameter, {}, rate, beta1, beta2, eps, decay)


def adamw_step__wrong_step_not_counted(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    state["step"] = 0
    adamw_step__right_in_place(parameter, state, rate, beta1, beta2, eps, decay)


def adamw_step__wrong_gradient_squared_in_place(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    adamw_step__right_in_place(parameter, state, rate, beta1, beta2, eps, decay)
    parameter.grad.square_()


def adamw_step__wrong_recorded(
    parameter: Tensor, state: dict, rate: float, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01
) -> None:
    step, first, second = averages(parameter.grad, state, beta1, beta2)
    parameter -= rate * first / (1 - beta1**step) / ((second / (1 - beta2**step)).sqrt() + eps)
