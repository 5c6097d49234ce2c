"""Exercise 33, solved: a score of minus infinity becomes a weight of zero."""

import math

from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    """float32 [N, queries, value width]."""
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[2])
    weights = scores.masked_fill(padding[:, None], -math.inf).softmax(dim=2)
    return weights @ value
