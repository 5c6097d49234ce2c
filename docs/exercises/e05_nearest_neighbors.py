"""Exercise 05, level 3: a classifier that looks for the most similar examples.

After docs/learn/01_numpy.ipynb. It learns nothing: it compares each new row with all rows that it knows.
"""

import numpy as np


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The squared Euclidean distance of every row of `a` from every row of `b`.

    Args:
        a: [N, D], any dtype, also uint8.
        b: [M, D], any dtype, also uint8.

    Returns:
        float64 [N, M]; at [i, j] the sum of (a[i] - b[j]) ** 2.
    """
    raise NotImplementedError("your turn")


def nearest_neighbors(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """For each row, the label that most of its `k` nearest training rows have.

    Where several labels are equally frequent among the `k`, the smallest of these labels wins.

    Args:
        train: [N, D], any dtype, the rows whose labels are known.
        labels: int64 [N], their labels, from 0.
        rows: [M, D], the rows to classify.
        k: how many neighbors vote, 1 to N.

    Returns:
        int64 [M], a label for each row.
    """
    raise NotImplementedError("your turn")
