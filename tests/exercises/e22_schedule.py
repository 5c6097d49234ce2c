"""Answers to exercise 22: right ones in another style, and plausible wrong ones."""

import math

import numpy as np
from torch.optim import Optimizer


def rate_at__right_by_interpolation(step: int, total: int, warmup: int, highest: float) -> float:
    angle = np.interp(step, [warmup, total], [0, np.pi])
    return highest * min((step + 1) / max(warmup, 1), float(np.cos(angle / 2)) ** 2)


def set_rate__right_by_update(optimizer: Optimizer, rate: float) -> None:
    for index in range(len(optimizer.param_groups)):
        optimizer.param_groups[index].update(lr=rate)


def rate_at__wrong_zero_at_the_first_step(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * step / warmup
    return highest * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


def rate_at__wrong_cosine_over_all_steps(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * 0.5 * (1 + math.cos(math.pi * step / total))


def rate_at__wrong_whole_cosine(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * 0.5 * (1 + math.cos(2 * math.pi * (step - warmup) / (total - warmup)))


def rate_at__wrong_negative(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * math.cos(math.pi * (step - warmup) / (total - warmup))


def rate_at__wrong_degrees(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * 0.5 * (1 + math.cos(180 * (step - warmup) / (total - warmup)))


def rate_at__wrong_integer_division(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * 0.5 * (1 + math.cos(math.pi * ((step - warmup) // (total - warmup))))


def rate_at__wrong_division_before_the_question(step: int, total: int, warmup: int, highest: float) -> float:
    climbing = highest * (step + 1) / warmup
    falling = highest * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
    return climbing if step < warmup else falling


def rate_at__wrong_straight_line(step: int, total: int, warmup: int, highest: float) -> float:
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * (total - step) / (total - warmup)


def set_rate__wrong_first_group_only(optimizer: Optimizer, rate: float) -> None:
    optimizer.param_groups[0]["lr"] = rate


def set_rate__wrong_attribute(optimizer: Optimizer, rate: float) -> None:
    optimizer.lr = rate


def set_rate__wrong_multiplied(optimizer: Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] *= rate
