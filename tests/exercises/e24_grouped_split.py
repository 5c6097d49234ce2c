"""Answers to exercise 24: a right one in another style, and plausible wrong ones."""

import random

import numpy as np


def grouped_split__right_with_sets(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    names = sorted(set(groups.tolist()))
    drawn = set(random.Random(seed).sample(names, round(fraction * len(names))))
    first = [row for row, group in enumerate(groups.tolist()) if group not in drawn]
    second = [row for row, group in enumerate(groups.tolist()) if group in drawn]
    return np.array(first), np.array(second)


def shared_groups__right_with_sets(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.array(sorted(set(groups[first].tolist()) & set(groups[second].tolist())), dtype=np.int64)


def grouped_split__wrong_rows_are_drawn(
    groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(seed).permutation(len(groups))
    count = round(fraction * len(groups))
    return np.sort(rows[count:]), np.sort(rows[:count])


def grouped_split__wrong_rows_are_cut_in_order_of_groups(
    groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.argsort(groups)
    count = round(fraction * len(groups))
    return np.sort(rows[count:]), np.sort(rows[:count])


def grouped_split__wrong_groups_without_gaps(
    groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    count = len(np.unique(groups))
    drawn = np.random.default_rng(seed).choice(count, round(fraction * count), replace=False)
    second = np.isin(groups, drawn)
    return np.flatnonzero(~second), np.flatnonzero(second)


def grouped_split__wrong_seed_is_not_used(
    groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    names = np.unique(groups)
    second = np.isin(groups, names[: round(fraction * len(names))])
    return np.flatnonzero(~second), np.flatnonzero(second)


def grouped_split__wrong_global_seed(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    np.random.seed(seed)  # noqa: NPY002
    names = np.random.permutation(np.unique(groups))  # noqa: NPY002
    second = np.isin(groups, names[: round(fraction * len(names))])
    return np.flatnonzero(~second), np.flatnonzero(second)


def grouped_split__wrong_way_round(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    first = np.isin(groups, names[: round(fraction * len(names))])
    return np.flatnonzero(first), np.flatnonzero(~first)


def grouped_split__wrong_masks(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    second = np.isin(groups, names[: round(fraction * len(names))])
    return ~second, second


def grouped_split__wrong_groups_in_place_of_rows(
    groups: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    count = round(fraction * len(names))
    return np.sort(names[count:]), np.sort(names[:count])


def shared_groups__wrong_rows(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.intersect1d(first, second)


def shared_groups__wrong_repeated(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sort(groups[second][np.isin(groups[second], groups[first])])
