"""Exercise 14, solved: a fresh copy of the point for each number, so that only one differs at a time."""

from collections.abc import Callable

import numpy as np


def numerical_gradient(function: Callable[[np.ndarray], float], point: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient at a point, measured: float64, in the shape of `point`."""
    gradient = np.zeros(point.shape)
    for place in np.ndindex(point.shape):
        up, down = point.astype(np.float64), point.astype(np.float64)  # astype copies
        up[place] += step
        down[place] -= step
        gradient[place] = (function(up) - function(down)) / (2 * step)
    return gradient


def gradient_error(
    function: Callable[[np.ndarray], float], gradient: Callable[[np.ndarray], np.ndarray], point: np.ndarray
) -> float:
    """The norm of the difference between formula and measurement, over the sum of their norms."""
    measured, computed = numerical_gradient(function, point), gradient(point)
    size = np.linalg.norm(measured) + np.linalg.norm(computed)
    return float(np.linalg.norm(measured - computed) / size) if size else 0.0
