"""Answers to exercise 05: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import mode


def squared_distances__right_by_the_binomial(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(float), b.astype(float)
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T


def nearest_neighbors__right_by_mode(train: np.ndarray, labels: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    nearest = np.argsort(cdist(train.astype(float), rows.astype(float)), axis=0, kind="stable")[:k]
    return mode(labels[nearest], axis=0).mode


MISTAKES = {
    "in uint8": ("a[:, None].astype(np.float64) - b[None].astype(np.float64)", "a[:, None] - b[None]"),
    "root": ("(differences**2).sum(axis=2)", "np.sqrt((differences**2).sum(axis=2))"),
    "sign of the product": ("astype(np.float64) - b[None]", "astype(np.float64) + b[None]"),
    "square of the sum": ("(differences**2).sum(axis=2)", "differences.sum(axis=2) ** 2"),
    "rows of b first": ("a[:, None].astype(np.float64) - b[None]", "a[None].astype(np.float64) - b[:, None]"),
    "farthest": ("[:, :k]", "[:, -k:]"),
    "index": ("in labels[nearest]", "in nearest"),
    "one decides": ("in labels[nearest]", "in labels[nearest[:, :1]]"),
    "mean label": ("np.bincount(votes).argmax()", "votes.mean().round().astype(np.int64)"),
    "votes of all rows": ("np.bincount(votes)", "np.bincount(labels[nearest].ravel())"),
    "off by one": ("[:, :k]", "[:, 1 : k + 1]"),
}
