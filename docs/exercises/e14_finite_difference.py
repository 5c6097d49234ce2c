"""Exercise 14, level 2: a gradient measured by finite differences, and a test of formulas with it. NumPy alone.

After docs/learn/04_autograd.ipynb.
"""

from collections.abc import Callable

import numpy as np


def numerical_gradient(function: Callable[[np.ndarray], float], point: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient at a point, measured: change one number at a time by `step`, once up and once down.

    Args:
        function: takes an array of the shape of `point`.
        point: an array of any shape; whole numbers are allowed. It must not be changed.
        step: half the distance between the two places where the function is computed.

    Returns:
        float64, in the shape of `point`.
    """
    raise NotImplementedError("your turn")


def gradient_error(
    function: Callable[[np.ndarray], float], gradient: Callable[[np.ndarray], np.ndarray], point: np.ndarray
) -> float:
    """How far a formula for the gradient is from the measured one, whatever their size: 0 is perfect, 1 is the worst.

    That is the norm of their difference, over the sum of their norms. It is 0 where both are zero.
    """
    raise NotImplementedError("your turn")
