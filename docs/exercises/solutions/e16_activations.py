"""Exercise 16, solved: the slope of the sigmoid s is s * (1 - s), which is 1/4 at most."""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """The positive part of x."""
    return np.maximum(x, 0)


def relu_slope(x: np.ndarray) -> np.ndarray:
    """1.0 where x is positive, else 0.0."""
    return (x > 0).astype(np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The sigmoid; the exponent is never positive, so that nothing overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def sigmoid_slope(x: np.ndarray) -> np.ndarray:
    """The derivative of the sigmoid."""
    return sigmoid(x) * (1 - sigmoid(x))
