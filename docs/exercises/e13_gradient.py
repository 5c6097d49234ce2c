"""Exercise 13, level 2: what `backward()` does for one linear layer, by hand, in NumPy.

After docs/learn/04_autograd.ipynb.
"""

import numpy as np


def gradients(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of the mean cross-entropy of `inputs @ weights + bias` with respect to weights and bias.

    The derivative with respect to a logit is (probability of its class, minus one if that is the true class) / N. The
    chain rule gives the rest.

    Args:
        inputs: float64 [N, features].
        weights: float64 [features, classes].
        bias: float64 [classes].
        labels: int64 [N].

    Returns:
        The gradients, in the shapes of weights and bias.
    """
    raise NotImplementedError("your turn")
