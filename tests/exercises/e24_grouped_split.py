"""Answers to exercise 24: a right one in another style, and edits of the solution that make it wrong."""

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


ROWS = "np.flatnonzero(~in_second), np.flatnonzero(in_second)"
MISTAKES = {
    "rows are drawn": ("np.isin(groups, drawn)", "np.random.default_rng(seed).random(len(groups)) < fraction"),
    "rows are cut in order of groups": (
        "np.isin(groups, drawn)",
        "np.argsort(np.argsort(groups)) < round(fraction * len(groups))",
    ),
    "groups without gaps": ("permutation(np.unique(groups))", "permutation(len(np.unique(groups)))"),
    "seed is not used": ("np.random.default_rng(seed).permutation(np.unique(groups))", "np.unique(groups)"),
    "global seed": ("names = np.random.default_rng(seed)", "np.random.seed(seed)\n    names = np.random"),
    "way round": ("~in_second), np.flatnonzero(in_second", "in_second), np.flatnonzero(~in_second"),
    "masks": (ROWS, "~in_second, in_second"),
    "groups in place of rows": (ROWS, "np.setdiff1d(names, drawn), np.sort(drawn)"),
    "shared rows": ("groups[first], groups[second])", "first, second)"),
    "shared groups repeated": (
        "np.intersect1d(groups[first], groups[second])",
        "np.sort(groups[second][np.isin(groups[second], groups[first])])",
    ),
}
