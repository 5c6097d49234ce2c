"""Train, validation and test parts: disjoint, fixed by a seed, each with its share of every class."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from sklearn.model_selection import train_test_split

from shared.errors import UserError

D = TypeVar("D")


@dataclass(frozen=True)
class Splits(Generic[D]):
    """The three parts of a data set. The test part is measured once, at the end, and nothing is chosen on it."""

    train: D
    validation: D
    test: D


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a share of the examples off, keeping the proportions of the classes.

    Args:
        labels: integer class ids, shape [N].
        fraction: the share of the second part, between 0 and 1.

    Returns:
        Sorted, disjoint indices of the first and second part; together they are all N.

    Raises:
        UserError: a class has too few examples to have one in each part.
    """
    counts = np.bincount(labels)
    smallest = int(counts[counts > 0].min())
    try:
        if smallest * fraction < 0.5:
            raise ValueError
        first, second = train_test_split(np.arange(len(labels)), test_size=fraction, random_state=seed, stratify=labels)
    except ValueError as error:
        raise UserError(
            f"{len(labels)} examples, {smallest} of them in the smallest class, are too few to cut a share of "
            f"{fraction:g} off; add examples, or remove that class."
        ) from error
    return np.sort(first), np.sort(second)
