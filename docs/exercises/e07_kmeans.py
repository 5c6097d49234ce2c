"""Exercise 07, level 3: K-means in NumPy.

After docs/learn/02_scikit_learn.ipynb. The two steps first, then the loop that repeats them.
"""

import numpy as np


def assign(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The number of the nearest center of each point; of equally near ones, the first.

    Args:
        points: float64 [N, D].
        centers: float64 [K, D].

    Returns:
        int64 [N], from 0 to K - 1.
    """
    raise NotImplementedError("your turn")


def move(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """New centers: the mean of the points of each. A center without points stays where it is.

    Args:
        points: float64 [N, D].
        labels: int64 [N], the center of each point.
        centers: float64 [K, D]; they are not changed.

    Returns:
        float64 [K, D].
    """
    raise NotImplementedError("your turn")


def kmeans(points: np.ndarray, centers: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Assign and move, in turn, until no center moves, but at most `steps` times.

    Args:
        points: float64 [N, D].
        centers: float64 [K, D], where the centers begin; they are not changed.
        steps: at least one. A loop that ends by itself cannot hang when a step is wrong.

    Returns:
        The labels, int64 [N], and the centers, float64 [K, D], at the end.
    """
    raise NotImplementedError("your turn")
