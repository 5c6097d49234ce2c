"""Exercise 24, solved: the groups are drawn, and each row follows its group."""

import numpy as np


def grouped_split(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted row numbers of both splits."""
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    drawn = names[: round(fraction * len(names))]
    in_second = np.isin(groups, drawn)  # [N], bool
    return np.flatnonzero(~in_second), np.flatnonzero(in_second)


def shared_groups(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The groups in both splits, sorted."""
    return np.intersect1d(groups[first], groups[second])
