"""Train, validation and test splits: disjoint, fixed by a seed, each with its share of every class."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np

from shared.console import log
from shared.data.problems import named
from shared.errors import UserError

D = TypeVar("D")
MOST_FOLDS = 20  # a share is rounded to a twentieth at the finest


@dataclass(frozen=True)
class Splits(Generic[D]):
    """The three splits of a data set. The test split is measured once, at the end, and nothing is chosen on it."""

    train: D
    validation: D
    test: D


def stratified_split(
    labels: np.ndarray, fraction: float, seed: int, classes: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a share of the examples off, keeping the proportions of the classes; every class is in both splits.

    Args:
        labels: integer class ids, shape [N].
        fraction: the share of the second split, between 0 and 1; it becomes larger where classes are small.
        classes: their names, for the message.

    Returns:
        Sorted, disjoint indices of the first and second split; together they are all N.

    Raises:
        UserError: a class has a single example.
    """
    # scikit-learn takes seconds to import, which commands that cut nothing need not wait for.
    from sklearn.model_selection import train_test_split

    if not len(labels):
        raise UserError(f"no example is left to cut a share of {fraction:g} off; add examples.")
    counts = np.bincount(labels)
    if single := np.flatnonzero(counts == 1).tolist():
        names = named([classes[label] if classes else f"class {label}" for label in single])
        raise UserError(
            f"classes with a single example left, which cannot be in two splits: {len(single)} ({names}); each class "
            "needs three different examples, one for each split: add some, or remove these classes."
        )
    try:
        first, second = train_test_split(np.arange(len(labels)), test_size=fraction, random_state=seed, stratify=labels)
        missing = len(set(labels[first]) & set(labels[second])) < (counts > 0).sum()
    except ValueError:  # the share has fewer examples than there are classes
        missing = True
    if missing:
        second = _share_of_each(labels, fraction, seed)
        first = np.setdiff1d(np.arange(len(labels)), second)
        if len(second) > (wanted := round(fraction * len(labels))):
            log.warning(
                f"a share of {fraction:g} is {wanted} of {len(labels)} examples; {len(second)} are cut off, so that "
                "each class has one or more."
            )
    return np.sort(first), np.sort(second)


def _share_of_each(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Indices of a share of each class, drawn by the seed: one or more of it, and never all."""
    order = np.random.default_rng(seed).permutation(len(labels))
    drawn = []
    for label in np.unique(labels):
        members = order[labels[order] == label]
        drawn.append(members[: min(max(1, round(fraction * len(members))), len(members) - 1)])
    return np.concatenate(drawn)


def grouped_split(
    groups: Sequence[str], fraction: float, seed: int, strata: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a share of the examples off, so that examples that are alike never lie in both splits.

    Args:
        groups: the group of each of N examples: a slide, a speaker, a person.
        fraction: the share of the examples that go into the second split, between 0 and 1; groups being whole, it is
            met only nearly.
        strata: of each example, what both splits should have their share of: a kind of microscope, a language.

    Returns:
        Sorted, disjoint indices of the first and second split; together they are all N.

    Raises:
        UserError: there are too few groups to have one in each split.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    count = len(set(groups))
    kinds = ["" for _ in groups] if strata is None else list(strata)
    most = min(count, max(Counter(kinds).values(), default=0))  # folds, of which each takes an example of some stratum
    share = Fraction(fraction).limit_denominator(min(most, MOST_FOLDS)) if most else Fraction(0)
    if not share and round(1 / fraction) <= most:
        share = Fraction(1, round(1 / fraction))
    if not 0 < share < 1:
        raise UserError(
            f"{len(groups)} examples in {count} groups are too few to cut a share of {fraction:g} off; add examples."
        )
    splitter = StratifiedGroupKFold(share.denominator, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a stratum of few groups is in some folds only, which is as well as it can be
        warnings.simplefilter("ignore", UserWarning)
        folds = [second for _, second in splitter.split(np.zeros(len(groups)), kinds, np.asarray(groups))]
    cut = np.sort(np.concatenate(folds[: share.numerator]))
    return np.setdiff1d(np.arange(len(groups)), cut), cut
