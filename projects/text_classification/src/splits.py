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


def split_texts(found: SourceData, settings: DataConfig, seed: int) -> tuple[Splits[Examples], list[str]]:
    """The splits of a source, and notes on the training texts that were left out.

    Raises:
        UserError: there are too few texts, or no training text of some class is left.
    """
    train, validation, test = found.train, found.validation, found.test
    if test is None:
        train, test = cut_texts(train, settings.test_fraction, seed)
    kept = without(train, [test] if validation is None else [validation, test])
    if not len(kept):
        raise UserError(
            f"all {len(train)} training texts are also in validation or test, so that none is left to learn from; "
            "give these splits other texts."
        )
    notes = []
    if len(kept) < len(train):
        notes.append(f"{len(train) - len(kept)} training texts that are also in validation or test")
    if validation is None:  # cut from what is kept: validation must not hold texts of the test either
        kept, validation = cut_texts(kept, settings.validation_fraction, seed)
    drawn = at_most(kept, settings.max_train, seed)
    if len(drawn) < len(kept):
        notes.append(f"{len(kept) - len(drawn)} training texts beyond data.max_train {settings.max_train}")
    for note in notes:
        log.warning(f"left out {note}.")
    missing = sorted(set(range(len(found.classes))) - set(drawn["labels"].tolist()))
    if missing:
        raise UserError(
            f"no training text is left of the classes {named([found.classes[label] for label in missing])}; "
            "add texts of them, remove them, or raise data.max_train (0 takes all)."
        )
    return Splits(drawn.as_tensors(), validation.as_tensors(), test.as_tensors()), notes


def cut_texts(whole: Examples, fraction: float, seed: int) -> tuple[Examples, Examples]:
    """Cut a share of the texts off, with the same share of every class; copies of a text stay together.

    Raises:
        UserError: a class has too few different texts to have one on each side.
    """
    if whole.groups:  # what is the same in both sides is then left out of the training split
        return cut_examples(whole, None, fraction, seed)
    first: dict[str, int] = {}  # of each different text, the index of its first copy
    for index, text in enumerate(whole["texts"]):
        first.setdefault(normalized(text), index)
    keys = list(first)
    _, cut = stratified_split(np.asarray(whole["labels"])[list(first.values())], fraction, seed)
    there = {keys[index] for index in cut}
    sides: tuple[list[int], list[int]] = ([], [])
    for index, text in enumerate(whole["texts"]):
        sides[normalized(text) in there].append(index)
    return whole.at(sides[0]), whole.at(sides[1])


def without(train: Examples, others: Sequence[Examples]) -> Examples:
    """The training texts that are in none of the other splits, so that no score is of a text that was learned."""
    seen = {normalized(text) for split in others for text in split["texts"]}
    return train.at([index for index, text in enumerate(train["texts"]) if normalized(text) not in seen])


def at_most(train: Examples, count: int, seed: int) -> Examples:
    """`count` of the texts, drawn by the seed; all of them where there are fewer, or where `count` is 0."""
    if count == 0 or len(train) <= count:
        return train
    return train.at(sorted(random.Random(seed).sample(range(len(train)), count)))


def normalized(text: str) -> str:
    """The text in lower case with single blanks: equal for texts that differ in nothing else."""
    return " ".join(text.casefold().split())
