"""Answers to exercise 08: right ones in another style, and plausible wrong ones."""

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


def fit__wrong_not_centered(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(axis=0), np.linalg.svd(points, full_matrices=False)[2][:kept]


def fit__wrong_smallest_first(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(axis=0), np.linalg.eigh(np.cov(points.T))[1].T[:kept]


def fit__wrong_columns(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    mean = points.mean(axis=0)
    return mean, np.linalg.svd(points - mean, full_matrices=False)[2][:kept].T


def fit__wrong_rows_of_the_eigenvectors(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(axis=0), np.linalg.eigh(np.cov(points.T))[1][::-1][:kept]


def fit__wrong_one_mean(points: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(), np.linalg.svd(points - points.mean(), full_matrices=False)[2][:kept]


def project__wrong_not_centered(points: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    return points @ components.T


def project__wrong_mean_of_the_new_points(points: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    return (points - points.mean(axis=0)) @ components.T


def reconstruct__wrong_no_mean(coordinates: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    return coordinates @ components


def explained__wrong_not_squared(points: np.ndarray) -> np.ndarray:
    values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return values / values.sum()


def explained__wrong_not_divided(points: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(np.cov(points.T))[::-1]


def explained__wrong_variance_of_the_features(points: np.ndarray) -> np.ndarray:
    return np.sort(points.var(axis=0))[::-1] / points.var(axis=0).sum()
