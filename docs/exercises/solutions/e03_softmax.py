"""Exercise 03, solved: the largest logit of each row is subtracted first, so that no exponential overflows."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, float64 [N, classes]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log(probability of the right class)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    of_the_right = shifted[np.arange(len(labels)), labels]
    return float((np.log(np.exp(shifted).sum(axis=1)) - of_the_right).mean())
