"""Exercise 24, level 2: a split that keeps what belongs together on one side.

After docs/learn/07_training_well.ipynb.
"""

import numpy as np


def grouped_split(groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw some groups at random; their examples are the second split, all others the first.

    A group is what makes examples alike: one person's photos, one speaker's recordings, the copies of one image. The
    groups are not sorted, their numbers have gaps, and some have more examples than others.

    Args:
        groups: int64 [N], the group of each example.
        fraction: the share of the groups (not of the examples) in the second split, rounded to whole groups.
        seed: the same seed gives the same split, another seed another one.

    Returns:
        Two sorted int64 arrays of row numbers; together they are 0 to N - 1, and no group is in both.
    """
    raise NotImplementedError("your turn")


def shared_groups(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The groups that have examples in both splits: what one asks of a split that somebody else made.

    Args:
        groups: int64 [N], the group of each example.
        first, second: int64 [any length], row numbers.

    Returns:
        int64, sorted, each group once; empty if the split is clean.
    """
    raise NotImplementedError("your turn")
