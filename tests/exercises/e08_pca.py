"""Answers to exercise 08: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def fit__right_by_eigenvectors_of_the_covariance(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    vectors = np.linalg.eigh(np.cov(points.T))[1]  # columns, the smallest variance first
    return points.mean(axis=0), vectors[:, ::-1][:, :kept].T


def project__right_by_einsum(points: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    return np.einsum("nd,kd->nk", points - mean, components)


def reconstruct__right_as_a_sum(coordinates: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    return sum((np.outer(*pair) for pair in zip(coordinates.T, components, strict=True)), start=mean)


def explained__right_by_eigenvalues(points: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvalsh(np.cov(points, rowvar=False))[::-1]
    return values / values.sum()


MISTAKES = {
    "fit not centered": ("svd(points - mean,", "svd(points,"),
    "smallest first": ("[2][:kept]", "[2][::-1][:kept]"),
    "columns": ("[2][:kept]", "[2][:kept].T"),
    "rows of the eigenvectors": (
        "np.linalg.svd(points - mean, full_matrices=False)[2]",
        "np.linalg.eigh(np.cov(points.T))[1][::-1]",
    ),
    "one mean": ("mean = points.mean(axis=0)", "mean = points.mean()"),
    "projected without centering": ("(points - mean) @", "points @"),
    "mean of the new points": ("(points - mean) @", "(points - points.mean(axis=0)) @"),
    "no mean": ("return mean + coordinates", "return coordinates"),
    "not squared": ("compute_uv=False) ** 2", "compute_uv=False)"),
    "not divided": ("variances / variances.sum()", "variances"),
    "variance of the features": (
        "np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2",
        "np.sort(points.var(axis=0))[::-1]",
    ),
}
