"""Exercise 08, level 2: principal component analysis in NumPy, there and back.

After docs/learn/02_scikit_learn.ipynb.
"""

import numpy as np


def fit(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the first principal components.

    The components are the directions in which the points differ most, each of length one and at right angles to the
    others, the most important one first. Their signs do not matter.

    Args:
        points: float64 [N, D].
        kept: how many components to return.

    Returns:
        The mean, float64 [D], and the components as rows, float64 [kept, D].
    """
    raise NotImplementedError("your turn")


def project(points: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """The coordinates of points along the components, counted from the mean.

    Args:
        points: float64 [N, D].
        mean: float64 [D].
        components: float64 [kept, D].

    Returns:
        float64 [N, kept].
    """
    raise NotImplementedError("your turn")


def reconstruct(coordinates: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Back from coordinates, float64 [N, kept], to points, float64 [N, D]."""
    raise NotImplementedError("your turn")


def explained(points: np.ndarray) -> np.ndarray:
    """The share of the variance along each component, the largest first.

    Args:
        points: float64 [N, D], with N > D.

    Returns:
        float64 [D]; they sum to one.
    """
    raise NotImplementedError("your turn")
