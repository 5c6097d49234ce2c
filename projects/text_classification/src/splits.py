"""How texts are split so that no text is in two splits: texts that differ only in capitals and blanks are the same."""

import random
from collections.abc import Sequence

import numpy as np

from shared.console import log
from shared.data.examples import Examples, SourceData, cut_examples
from shared.data.problems import named
from shared.data.splits import Splits, stratified_split
from shared.errors import UserError
from src.config import DataConfig

KEPT = 10
"""Texts of every class that data.max_train keeps at least; a class of fewer is learned badly."""


def split_texts(found: SourceData, settings: DataConfig, seed: int) -> tuple[Splits[Examples], list[str]]:
    """The splits of a source, and notes on the training texts that were left out.

    Raises:
        UserError: there are too few texts, or no training text of some class is left.
    """
    train, validation, test, most = found.train, found.validation, found.test, settings.max_train
    if 0 < most < len(found.classes):
        raise UserError(
            f"data.max_train {most} is less than the number of classes, {len(found.classes)}; raise it, or set it to "
            "0, which takes all texts."
        )
    if test is None:
        train, test = cut_texts(train, settings.test_fraction, seed, found.classes)
    others = [test] if validation is None else [validation, test]
    seen = np.concatenate([split["texts"].keys for split in others])
    kept = train.at(np.flatnonzero(~np.isin(train["texts"].keys, seen)))
    if not len(kept):
        raise UserError(
            f"all {len(train)} training texts are also in validation or test, so that none is left to learn from; "
            "give these splits other texts."
        )
    notes = []
    if len(kept) < len(train):
        notes.append(f"{len(train) - len(kept)} training texts that are also in validation or test")
    if validation is None:  # cut from what is kept: validation must not hold texts of the test either
        kept, validation = cut_texts(kept, settings.validation_fraction, seed, found.classes)
    drawn = at_most(kept, most, seed)
    if len(drawn) < len(kept):
        notes.append(f"{len(kept) - len(drawn)} training texts beyond data.max_train {most} (0 uses all)")
    for note in notes:
        log.warning(f"left out {note}.")
    learned = set(drawn["labels"].tolist())
    if missing := [name for label, name in enumerate(found.classes) if label not in learned]:
        raise UserError(
            f"classes of which no training text is left: {len(missing)} ({named(missing)}); all their texts are also "
            "in validation or test, or have another class elsewhere; add other texts of them, or remove them."
        )
    return Splits(drawn.as_tensors(), validation.as_tensors(), test.as_tensors()), notes


def cut_texts(whole: Examples, fraction: float, seed: int, classes: Sequence[str] = ()) -> tuple[Examples, Examples]:
    """Cut a share of the texts off, with the same share of every class; copies of a text stay together.

    Raises:
        UserError: a class has too few different texts to have one on each side.
    """
    if whole.groups:  # what is the same in both sides is then left out of the training split
        return cut_examples(whole, None, fraction, seed)
    keys = whole["texts"].keys
    first = np.sort(np.unique(keys, return_index=True)[1])  # of each different text, the index of its first copy
    _, cut = stratified_split(np.asarray(whole["labels"])[first], fraction, seed, classes)
    there = np.isin(keys, keys[first[cut]])
    return whole.at(np.flatnonzero(~there)), whole.at(np.flatnonzero(there))


def at_most(train: Examples, count: int, seed: int) -> Examples:
    """`count` of the texts, drawn by the seed; all of them where there are fewer, or where `count` is 0.

    Of each class, `KEPT` texts or the whole of it are drawn before the others, so that the draw loses no rare class.
    """
    if count == 0 or len(train) <= count:
        return train
    order = np.array(random.Random(seed).sample(range(len(train)), len(train)))
    labels = np.asarray(train["labels"])[order]
    each = min(KEPT, count // len(np.unique(labels)))
    first = np.zeros(len(order), bool)  # in this order, whether it is one of the first of its class
    for label in np.unique(labels):
        first[np.flatnonzero(labels == label)[:each]] = True
    return train.at(np.sort(order[np.argsort(~first, kind="stable")][:count]))
