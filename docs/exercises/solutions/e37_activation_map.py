"""Exercise 37, solved: the last layer reads each place, and the mean of what it says there is the logit."""

import torch
from torch import Tensor


def class_maps(features: Tensor, weight: Tensor) -> Tensor:
    """float32 [N, classes, h, w]."""
    return torch.einsum("ndhw,cd->nchw", features, weight)


def heat(maps: Tensor, bias: Tensor) -> Tensor:
    """float32 [N, h, w], from 0 to 1."""
    likeliest = (maps.mean((2, 3)) + bias).argmax(1)  # [N]
    speaks = maps[torch.arange(len(maps)), likeliest].clamp_min(0)  # [N, h, w]
    largest = speaks.amax((1, 2), keepdim=True)  # [N, 1, 1]
    return speaks / largest.where(largest > 0, 1)
