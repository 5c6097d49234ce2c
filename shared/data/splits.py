"""Train, validation and test splits: disjoint, fixed by a seed, each with its share of every class."""

import itertools
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np

from shared.console import log
from shared.data.labels import label_counts
from shared.data.problems import named
from shared.errors import UserError

D = TypeVar("D")
MOST_FOLDS = 20  # a share is rounded to a twentieth at the finest
TOO_FEW = "(people, slides, films), each of which stays in one split: too few to cut off"


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
        labels: class ids, int [N]; or several labels an example, float [N, classes], some of which may then be in one
            split only, with a warning, because they occur with others.
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
    counts = label_counts(labels, len(classes))
    if single := np.flatnonzero(counts == 1).tolist():
        names = named([classes[label] if classes else f"class {label}" for label in single])
        raise UserError(
            f"classes with a single example left, which cannot be in two splits: {len(single)} ({names}); each class "
            "needs three different examples, one for each split: add some, or remove these classes."
        )
    if labels.ndim == 2:
        in_second = _share_of_each_label(labels > 0, fraction, seed)
        if lacking := np.flatnonzero((counts > 0) & ~(labels[in_second].any(0) & labels[~in_second].any(0))).tolist():
            names = named([classes[label] if classes else f"class {label}" for label in lacking])
            log.warning(f"labels that only one of two splits has: {len(lacking)} ({names}); add examples of them.")
        return np.flatnonzero(~in_second), np.flatnonzero(in_second)
    try:
        first, second = train_test_split(np.arange(len(labels)), test_size=fraction, random_state=seed, stratify=labels)
        missing = len(set(labels[first]) & set(labels[second])) < (counts > 0).sum()
    except ValueError:  # the share has fewer examples than there are classes
        missing = True
    if missing:
        in_second = _share_of_each_label(labels[:, None] == np.unique(labels), fraction, seed)
        first, second = np.flatnonzero(~in_second), np.flatnonzero(in_second)
        if len(second) > (wanted := round(fraction * len(labels))):
            log.warning(
                f"a share of {fraction:g} is {wanted} of {len(labels)} examples; {len(second)} are cut off, so that "
                "each class has one or more."
            )
    return np.sort(first), np.sort(second)


def _share_of_each_label(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Which examples are in a share of each label's, bool [N], the rarest label first (after Sechidis et al. 2011).

    Args:
        labels: which each example has, bool [N, classes].
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    side = np.full(len(labels), -1)  # 0: the first split, 1: the second
    columns = [labels[:, label] for label in labels.sum(0).argsort(kind="stable")]
    for members in [*columns, np.ones(len(labels), bool)]:
        drawn = order[members[order]]
        free = drawn[side[drawn] < 0]
        in_second, in_first = ((side[drawn] == one).sum() for one in (1, 0))
        count = round(fraction * len(drawn)) - in_second
        count = min(max(count, 1 - in_second, 0), len(free) - (in_first == 0))  # both splits have one of them
        side[free] = np.arange(len(free)) < count
    found: np.ndarray = side == 1
    return found


def evenly_spaced(count: int, most: int) -> np.ndarray:
    """Up to `most` of the indices below `count`, evenly spaced, int64: some examples that stand for all."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def natural_key(name: str) -> list[tuple[int, str, int]]:
    """A key that sorts names with numbers as people do: frame 2 before frame 10, in each folder of the name."""
    pieces = re.findall("([0-9]+)|([^0-9]+)", name)
    return [(0, "", int(digits)) if digits else (1, text, 0) for digits, text in pieces]


def neighbor_groups(names: Sequence[str], size: int) -> list[str]:
    """The group of each file: neighbors by their natural order (see `natural_key`), `size` of them in a group.

    Files in different folders are never neighbors.

    Args:
        names: of each file, its path below the data's folder, with slashes.
    """
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    group_of = {
        name: f"{folder}/neighbors {place // size}"
        for folder, inside in folders.items()
        for place, name in enumerate(sorted(inside, key=natural_key))
    }
    return [group_of[name] for name in names]


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
    share = _share(most, fraction)
    if not 0 < share < 1:
        raise UserError(
            f"{len(groups)} examples are of {count} groups {TOO_FEW} a share of {fraction:g}; add examples of other "
            "groups, or change that fraction."
        )
    splitter = StratifiedGroupKFold(share.denominator, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a stratum of few groups is in some folds only, which is as well as it can be
        warnings.simplefilter("ignore", UserWarning)
        folds = [second for _, second in splitter.split(np.zeros(len(groups)), kinds, np.asarray(groups))]
    cut = np.sort(np.concatenate(folds[: share.numerator]))
    return np.setdiff1d(np.arange(len(groups)), cut), cut


def _share(folds: int, fraction: float) -> Fraction:
    """The share of that many folds that comes nearest to the fraction; 0 or 1 where none can be cut off."""
    share = Fraction(fraction).limit_denominator(min(folds, MOST_FOLDS)) if folds else Fraction(0)
    return Fraction(1, round(1 / fraction)) if not share and round(1 / fraction) <= folds else share


def require_groups(groups: Sequence[str], fractions: Mapping[str, float], advice: str = "") -> None:
    """Refuse groups that are too few to cut several splits off, one after the other (see `grouped_split`).

    Args:
        fractions: the share of each split of what is left, by the name of its setting, in the order of the cuts.
        advice: another way out, for the message.

    Raises:
        UserError: it says how many groups are enough, and which fractions suit those that are there.
    """
    count = len(set(groups))
    if _can_be_cut(count, list(fractions.values())):
        return
    enough = next(number for number in itertools.count(2) if _can_be_cut(number, list(fractions.values())))
    suiting = [round(1 / (count - place), 3) for place in range(len(fractions)) if count - place > 1]
    possible = " and ".join(f"{name} to {share:g}" for name, share in zip(fractions, suiting, strict=False))
    cut = " and ".join(f"{name} {share:g}" for name, share in fractions.items())
    ways = [f"add examples of other groups, {enough} groups in all"]
    ways += [f"set {possible}"] * (len(suiting) == len(fractions)) + [advice] * bool(advice)
    raise UserError(
        f"{len(groups)} examples are of {count} group{'s'[: count != 1]} {TOO_FEW} {cut}; {', or '.join(ways)}."
    )


def _can_be_cut(count: int, fractions: Sequence[float]) -> bool:
    """Whether each fraction in turn can be cut off that many groups, with one group left at the end."""
    for fraction in fractions:
        share = _share(count, fraction)
        if not 0 < share < 1:
            return False
        count -= math.ceil(count * share)
    return count > 0
