"""Answers to exercise 07: right ones in another style, and plausible wrong ones."""

import numpy as np
from scipy.spatial.distance import cdist


def assign__right_by_scipy(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return cdist(points, centers).argmin(axis=1)


def move__right_by_counting(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    sums, counts = np.zeros_like(centers), np.bincount(labels, minlength=len(centers))
    np.add.at(sums, labels, points)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centers)


def kmeans__right_until_labels_stay(
    points: np.ndarray, centers: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    labels = np.full(len(points), -1)
    while steps > 0 and (labels != (nearest := assign__right_by_scipy(points, centers))).any():
        labels, steps = nearest, steps - 1
        centers = move__right_by_counting(points, labels, centers)
    return labels, centers


def assign__wrong_sum_of_absolute_differences(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.abs(points[:, None] - centers).sum(axis=2).argmin(axis=1)


def assign__wrong_no_square(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return (points[:, None] - centers).sum(axis=2).argmin(axis=1)


def assign__wrong_axis(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return cdist(points, centers).argmin(axis=0)


def assign__wrong_farthest(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return cdist(points, centers).argmax(axis=1)


def move__wrong_empty_is_nan(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    masks = labels[:, None] == np.arange(len(centers))
    return (masks.T.astype(float) @ points) / masks.sum(axis=0)[:, None]


def move__wrong_empty_disappears(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.stack([points[labels == k].mean(axis=0) for k in np.unique(labels)])


def move__wrong_in_place(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    for k in np.unique(labels):
        centers[k] = points[labels == k].mean(axis=0)
    return centers


def move__wrong_mean_of_all_numbers(points: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    moved = centers.copy()
    for k in np.unique(labels):
        moved[k] = points[labels == k].mean()
    return moved


def kmeans__wrong_one_step(points: np.ndarray, centers: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    labels = assign__right_by_scipy(points, centers)
    return labels, move__right_by_counting(points, labels, centers)


def kmeans__wrong_order_of_results(
    points: np.ndarray, centers: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    labels, centers = kmeans__right_until_labels_stay(points, centers, steps)
    return centers, labels


def kmeans__wrong_compares_with_itself(
    points: np.ndarray, centers: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    centers = centers.copy()
    for _ in range(steps):
        labels, before = assign__right_by_scipy(points, centers), centers  # the same array, not a copy of it
        centers[:] = move__right_by_counting(points, labels, centers)
        if np.array_equal(before, centers):
            break
    return labels, centers


def kmeans__wrong_no_limit(points: np.ndarray, centers: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    return kmeans__right_until_labels_stay(points, centers, 1000)
