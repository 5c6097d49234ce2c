"""Answers to exercise 26: a right one in another style, and plausible wrong ones."""

import torch
from torch import Tensor
from torch.nn import functional as F


def dropout__right_by_pytorch(values: Tensor, drop: float, training: bool) -> Tensor:
    return F.dropout(values, drop, training)


def dropout__wrong_no_scale(values: Tensor, drop: float, training: bool) -> Tensor:
    return values * (torch.rand_like(values) >= drop) if training else values


def dropout__wrong_scale_in_evaluation(values: Tensor, drop: float, training: bool) -> Tensor:
    return values * (torch.rand_like(values) >= drop) if training else values * (1 - drop)


def dropout__wrong_training_is_ignored(values: Tensor, drop: float, training: bool) -> Tensor:
    return F.dropout(values, drop, True)


def dropout__wrong_probability_to_stay(values: Tensor, drop: float, training: bool) -> Tensor:
    return F.dropout(values, 1 - drop, training)


def dropout__wrong_scale_by_drop(values: Tensor, drop: float, training: bool) -> Tensor:
    return values * (torch.rand_like(values) >= drop) / max(drop, 1e-6) if training and drop else values


def dropout__wrong_one_mask_for_all_rows(values: Tensor, drop: float, training: bool) -> Tensor:
    left = torch.rand(values.shape[-1]) >= drop
    return values * left / max(1 - drop, 1e-6) if training else values


def dropout__wrong_whole_rows(values: Tensor, drop: float, training: bool) -> Tensor:
    left = torch.rand(values.shape[0], 1) >= drop
    return values * left / max(1 - drop, 1e-6) if training else values


def dropout__wrong_in_place(values: Tensor, drop: float, training: bool) -> Tensor:
    if training and drop < 1:
        with torch.no_grad():
            values *= torch.rand_like(values) >= drop
            values /= 1 - drop
    return values if drop < 1 else values * 0


def dropout__wrong_normal_numbers(values: Tensor, drop: float, training: bool) -> Tensor:
    return values * (torch.randn_like(values) >= drop) / max(1 - drop, 1e-6) if training and drop else values


def dropout__wrong_division_by_zero(values: Tensor, drop: float, training: bool) -> Tensor:
    return values * (torch.rand_like(values) >= drop) / (1 - drop) if training else values


def dropout__wrong_seed_inside(values: Tensor, drop: float, training: bool) -> Tensor:
    torch.manual_seed(0)
    return F.dropout(values, drop, training)


def dropout__wrong_detached(values: Tensor, drop: float, training: bool) -> Tensor:
    return F.dropout(values.detach(), drop, training)
