"""Exercise 35, level 3: a linear layer in eight bits, in NumPy.

After docs/learn/09_deploy.ipynb. A row of weights becomes integers from -127 to 127 and one scale, so that
`integer * scale` is nearly the weight. The multiplication is done with integers alone.
"""

import numpy as np


def quantize(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eight-bit integers and one scale for each row.

    The scale of a row is its largest absolute value over 127; the integers are the values over the scale, rounded to
    the nearest. A row of zeros becomes zeros, and its scale must be finite and not zero.

    Args:
        values: float32 [rows, columns].

    Returns:
        int8 [rows, columns] and float32 [rows].
    """
    raise NotImplementedError("your turn")


def dequantize(integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The values that the integers stand for.

    Args:
        integers: int8 [rows, columns].
        scales: float32 [rows].

    Returns:
        float32 [rows, columns].
    """
    raise NotImplementedError("your turn")


def linear(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Nearly `inputs @ weights.T`: quantize each row of the inputs, multiply integers, and scale the result.

    A product of two eight-bit integers does not fit into eight bits, and their sum even less: in what type must the
    product be computed?

    Args:
        inputs: float32 [N, columns].
        integers: int8 [outputs, columns], the weights' integers.
        scales: float32 [outputs], the weights' scales.

    Returns:
        float32 [N, outputs].
    """
    raise NotImplementedError("your turn")
