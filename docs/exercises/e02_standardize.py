"""Exercise 02, level 2: bring each column to mean 0 and standard deviation 1.

After docs/learn/01_numpy.ipynb. Networks and many classical methods learn faster from such columns.
"""

import numpy as np


def column_statistics(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the standard deviation of each column.

    The standard deviation is the root of the mean squared distance from the mean: divide by N, as `np.std` does. Where
    a column is constant, its deviation is given as 1, so that nothing is divided by zero.

    Args:
        train: float64 [N, D], N examples with D values each.

    Returns:
        Two arrays, float64 [D]: means and deviations.
    """
    raise NotImplementedError("your turn")


def standardize(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """The rows with each column's mean subtracted and divided by its deviation.

    The statistics are those of the training rows, also when `rows` are other ones. `rows` itself does not change.

    Args:
        rows: float64 [M, D].
        mean: float64 [D].
        deviation: float64 [D].

    Returns:
        float64 [M, D].
    """
    raise NotImplementedError("your turn")
