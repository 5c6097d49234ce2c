"""Exercise 16, level 1: ReLU and the sigmoid, and their slopes, in NumPy.

After docs/learn/05_networks.ipynb.
"""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """The value itself where it is positive, else 0.

    Args:
        x: float64, any shape; it stays unchanged.

    Returns:
        float64, the same shape.
    """
    raise NotImplementedError("your turn")


def relu_slope(x: np.ndarray) -> np.ndarray:
    """The derivative of `relu` at x: 1 where x is positive, else 0 (PyTorch takes 0 at x = 0 too).

    Args:
        x: float64, any shape.

    Returns:
        float64, the same shape.
    """
    raise NotImplementedError("your turn")


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)): a number between 0 and 1. It must not become NaN at 1000 or at -1000.

    Args:
        x: float64, any shape.

    Returns:
        float64, the same shape.
    """
    raise NotImplementedError("your turn")


def sigmoid_slope(x: np.ndarray) -> np.ndarray:
    """The derivative of `sigmoid` at x. It can be written with the sigmoid itself.

    Args:
        x: float64, any shape.

    Returns:
        float64, the same shape.
    """
    raise NotImplementedError("your turn")
