"""Exercise 12, solved: the mask broadcasts; what must not count becomes 0 in a sum, -inf in a maximum."""

import torch
from torch import Tensor


def masked_mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """The mean of the vectors where the mask is true: float [N, width]."""
    weights = mask.unsqueeze(2).to(vectors.dtype)  # [N, L] -> [N, L, 1]
    return (vectors * weights).sum(1) / weights.sum(1).clamp(min=1)  # [N, width] / [N, 1]


def masked_max(vectors: Tensor, mask: Tensor) -> Tensor:
    """The largest value of each column where the mask is true: float [N, width]."""
    largest = vectors.masked_fill(~mask.unsqueeze(2), -torch.inf).amax(1)  # [N, L, width] -> [N, width]
    return largest.masked_fill(~mask.any(1, keepdim=True), 0)
