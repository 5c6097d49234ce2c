"""Exercise 08, solved: the singular value decomposition of the centered points holds all of it."""

import numpy as np


def fit(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean, float64 [D], and the components, float64 [kept, D]."""
    mean = points.mean(axis=0)
    return mean, np.linalg.svd(points - mean, full_matrices=False)[2][:kept]


def project(points: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """The coordinates, float64 [N, kept]."""
    return (points - mean) @ components.T  # [N, D] @ [D, kept]


def reconstruct(coordinates: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """The points, float64 [N, D]."""
    return mean + coordinates @ components  # [N, kept] @ [kept, D]


def explained(points: np.ndarray) -> np.ndarray:
    """The shares of the variance, float64 [D]."""
    variances = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    return variances / variances.sum()
