"""Exercise 01, solved: an axis of length one is put where the other array has its values, and NumPy repeats it."""

import numpy as np


def outer_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a[i] - b[j] at [i, j]: float64 [N, M]."""
    return a[:, None].astype(np.float64) - b[None, :].astype(np.float64)  # [N, 1] - [1, M] -> [N, M]
