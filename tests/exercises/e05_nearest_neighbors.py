"""Answers to exercise 05: right ones in another style, and plausible wrong ones."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import mode


def squared_distances__right_by_the_binomial(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(float), b.astype(float)
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T


def nearest_neighbors__right_by_mode(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = np.argsort(cdist(train.astype(float), rows.astype(float)), axis=0, kind="stable")[:k]
    return mode(labels[nearest], axis=0).mode


def squared_distances__wrong_in_uint8(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)


def squared_distances__wrong_root(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return cdist(a.astype(float), b.astype(float))


def squared_distances__wrong_sign_of_the_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(float), b.astype(float)
    return (a**2).sum(1)[:, None] + (b**2).sum(1) + 2 * a @ b.T


def squared_distances__wrong_square_of_the_sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a[:, None].astype(float) - b[None].astype(float)).sum(axis=2) ** 2


def squared_distances__wrong_rows_of_b_first(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return cdist(b.astype(float), a.astype(float), "sqeuclidean")


def nearest_neighbors__wrong_farthest(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = cdist(rows.astype(float), train.astype(float)).argsort(axis=1)[:, -k:]
    return np.array([np.bincount(votes).argmax() for votes in labels[nearest]])


def nearest_neighbors__wrong_index(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = cdist(rows.astype(float), train.astype(float)).argsort(axis=1)[:, :k]
    return np.array([np.bincount(votes).argmax() for votes in nearest])


def nearest_neighbors__wrong_one_decides(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    return labels[cdist(rows.astype(float), train.astype(float)).argmin(axis=1)]


def nearest_neighbors__wrong_mean_label(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = cdist(rows.astype(float), train.astype(float)).argsort(axis=1)[:, :k]
    return labels[nearest].mean(axis=1).round().astype(np.int64)


def nearest_neighbors__wrong_votes_of_all_rows(
    train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int
) -> np.ndarray:
    nearest = cdist(rows.astype(float), train.astype(float)).argsort(axis=1)[:, :k]
    return np.full(len(rows), np.bincount(labels[nearest].ravel()).argmax())


def nearest_neighbors__wrong_off_by_one(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = cdist(rows.astype(float), train.astype(float)).argsort(axis=1)[:, 1 : k + 1]
    return np.array([np.bincount(votes).argmax() for votes in labels[nearest]])
