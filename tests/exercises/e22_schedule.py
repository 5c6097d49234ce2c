"""Answers to exercise 22: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np
from torch.optim import Optimizer


def rate_at__right_by_interpolation(step: int, total: int, warmup: int, highest: float) -> float:
    angle = np.interp(step, [warmup, total], [0, np.pi])
    return highest * min((step + 1) / max(warmup, 1), float(np.cos(angle / 2)) ** 2)


def set_rate__right_by_update(optimizer: Optimizer, rate: float) -> None:
    for index in range(len(optimizer.param_groups)):
        optimizer.param_groups[index].update(lr=rate)


MISTAKES = {
    "zero at the first step": ("(step + 1) / warmup", "step / warmup"),
    "cosine over all steps": ("(step - warmup) / (total - warmup)", "step / total"),
    "whole cosine": ("math.pi * done", "2 * math.pi * done"),
    "negative": ("0.5 * (1 + math.cos(math.pi * done))", "math.cos(math.pi * done)"),
    "degrees": ("math.pi * done", "180 * done"),
    "integer division": ("(step - warmup) / (total", "(step - warmup) // (total"),
    "division before the question": (
        "if step < warmup:\n        return highest * (step + 1) / warmup",
        "climbing = highest * (step + 1) / warmup\n    if step < warmup:\n        return climbing",
    ),
    "straight line": ("0.5 * (1 + math.cos(math.pi * done))", "(1 - done)"),
    "first group only": ("in optimizer.param_groups", "in optimizer.param_groups[:1]"),
    "attribute": ('for group in optimizer.param_groups:\n        group["lr"] = rate', "optimizer.lr = rate"),
    "multiplied": ('group["lr"] = rate', 'group["lr"] *= rate'),
}
