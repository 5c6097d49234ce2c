"""Exercise 01, level 1: the difference of every pair, by broadcasting.

After docs/learn/01_numpy.ipynb.
"""

import numpy as np


def outer_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The difference of each value of `a` and each value of `b`: the result at [i, j] is a[i] - b[j].

    The values may be gray values in uint8, where 3 - 5 is 254. Which dtype can hold -2?

    Args:
        a: [N], any dtype.
        b: [M], any dtype.

    Returns:
        float64 [N, M].
    """
    raise NotImplementedError("your turn")
