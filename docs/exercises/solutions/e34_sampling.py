"""Exercise 34, solved: the logits that are left out become minus infinity before softmax; a cumulative sum draws."""

import math

import torch
from torch import Tensor


def next_probabilities(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    """Probabilities, float32 [N, vocabulary]."""
    kept = logits.topk(top_k, dim=1)
    masked = torch.full_like(logits, -math.inf).scatter(1, kept.indices, kept.values)  # [N, vocabulary]
    return (masked / temperature).softmax(dim=1)


def draw(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Tokens, int64 [N]."""
    ends = probabilities.cumsum(dim=1)  # [N, vocabulary]: where each token's piece ends
    tokens = (ends <= uniform[:, None]).sum(dim=1)  # how many pieces end before the number
    return tokens.clamp_max(probabilities.shape[1] - 1)
