"""Exercise 2: what `backward()` does for one linear layer, by hand. NumPy alone."""

import numpy as np


def gradients(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How the mean cross-entropy of `inputs @ weights + bias` changes with weights and bias.

    The derivative by a logit is short: the probability of its class, minus one if that class is the right one, over N.
    The chain rule does the rest.

    Args:
        inputs: float64 [N, features].
        weights: float64 [features, classes].
        bias: float64 [classes].
        labels: int64 [N].

    Returns:
        The gradients, in the shapes of weights and bias.
    """
    raise NotImplementedError("your turn")
