"""A data set: its examples in columns, its three splits, and what a run records about them."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from shared.data.labels import indicators
from shared.data.problems import Problems
from shared.data.sources import DataRecord
from shared.data.splits import Splits, grouped_split, require_groups, stratified_split

FINGERPRINT = 8
"""The characters of an example's fingerprint (see `Examples.fingerprints`)."""


@dataclass(frozen=True)
class Examples:
    """N examples, stored by column; `examples["labels"]` is one column."""

    columns: dict[str, Any]
    """By name: arrays, tensors or `Rows` [N, ...], or lists of N where examples differ in shape."""
    names: list[str]
    """Of each example: its file below the data's folder, or a number."""
    groups: list[str] = field(default_factory=list)
    """Of each example: those of one group never lie in two splits. Empty where nothing says what belongs together."""
    strata: list[str] = field(default_factory=list)
    """Of each example: every split gets its share of each stratum. Empty where there are none."""

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, column: str) -> Any:
        return self.columns[column]

    def at(self, indices: Sequence[int] | np.ndarray) -> "Examples":
        """The examples at these indices."""
        columns = {name: _chosen(values, indices) for name, values in self.columns.items()}
        lists = (self.names, self.groups, self.strata)
        return Examples(columns, *(_chosen(values, indices) if values else [] for values in lists))

    def as_tensors(self) -> "Examples":
        """The same examples with tensors in place of arrays; they share memory."""
        columns = {
            name: torch.from_numpy(np.ascontiguousarray(values)) if isinstance(values, np.ndarray) else values
            for name, values in self.columns.items()
        }
        return Examples(columns, self.names, self.groups, self.strata)

    def digest(self) -> str:
        """SHA-256 of all columns: tells whether two runs trained on the same examples."""
        digest = hashlib.sha256()
        for values in self.columns.values():
            single = isinstance(values, np.ndarray | Tensor) and values.ndim == 1  # labels: short enough as a whole
            digest.update(_bytes_of(values) if single else b"".join(digests_of(values)))
        return digest.hexdigest()

    def fingerprints(self) -> list[str]:
        """Of each example, 48 bits of the SHA-256 of its first column, the network's input; in eight characters."""
        inputs = next(iter(self.columns.values()))
        return [base64.b64encode(digest[:6]).decode() for digest in digests_of(inputs)]


def joined(several: Sequence[Examples]) -> Examples:
    """The examples of several data sets with the same columns, one after the other; groups and strata are left out."""
    columns = {name: _one_after_the_other([each[name] for each in several]) for name in several[0].columns}
    return Examples(columns, [name for each in several for name in each.names])


def _one_after_the_other(several: Sequence[Any]) -> Any:
    if isinstance(several[0], list):
        return [value for values in several for value in values]
    return several[0].joined(several[1:]) if hasattr(several[0], "joined") else np.concatenate(several)


def digests_of(values: Any) -> list[bytes]:
    """The SHA-256 of each value of a column."""
    if hasattr(values, "digests"):  # a column that is not in memory
        return list(values.digests)
    values = values.numpy() if isinstance(values, Tensor) else values
    return [hashlib.sha256(_bytes_of(value)).digest() for value in values]


def _bytes_of(value: Any) -> bytes:
    return f"{value}\0".encode() if isinstance(value, str | int) else np.asarray(value).tobytes()


def _chosen(values: Any, indices: Sequence[int] | np.ndarray) -> Any:
    if hasattr(values, "at"):  # a column that is not in memory
        return values.at(indices)
    return values[indices] if isinstance(values, np.ndarray | Tensor) else [values[index] for index in indices]


@dataclass(frozen=True)
class SourceData:
    """What a data source gives: training examples, and validation and test splits where it brings its own."""

    classes: list[str]
    """The names of the classes; `labels` are indices into this list."""
    train: Examples
    validation: Examples | None
    test: Examples | None
    description: str
    """One line for people: what it is, and where it comes from."""
    license: str
    problems: Problems = field(default_factory=Problems)
    """The files or rows that were left out."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the record of this data set says, as plain types."""
    settled: dict[str, Any] = field(default_factory=dict)
    """The settings of `data` that were left to the program, such as `auto`, as the data decided them."""
    unusual: Problems = field(default_factory=Problems)
    """The files that were read in a way that their owner may not expect."""

    def everything(self) -> Examples:
        """The examples of all splits."""
        return joined([split for split in (self.train, self.validation, self.test) if split is not None])


def with_labels(found: SourceData, wanted: str) -> SourceData:
    """The data with several labels an example, float [N, classes], where that is `wanted`; it records which it has.

    Args:
        wanted: `several` makes each class id one of several labels; else they stay as they are.
    """
    splits = {name: split for name in ("train", "validation", "test") if (split := getattr(found, name)) is not None}
    several = wanted == "several" or np.ndim(found.train["labels"]) == 2
    for name, split in splits.items():
        if several and (ids := np.asarray(split["labels"])).ndim == 1:
            labels = indicators(ids[:, None], len(found.classes))
            splits[name] = replace(split, columns=split.columns | {"labels": labels})
    return replace(found, **splits, settled=found.settled | {"labels": "several" if several else "one"})


@dataclass(frozen=True)
class NearCopies:
    """Examples that are in two splits, or nearly (see shared/data/copies.py)."""

    compared: int
    """The number of validation and test examples that were compared with the training split."""
    searched: int
    """The number of training examples that they were compared with."""
    across: list[tuple[str, str]] = field(default_factory=list)
    """The names of a validation or test example and of the training example that it is a copy of."""
    warning: str = ""
    """A sentence about them; empty where there are none."""


@dataclass(frozen=True)
class Data:
    """A data set in its three splits, as every verb reads it."""

    splits: Splits[Examples]
    classes: list[str]
    record: DataRecord
    problems: Problems = field(default_factory=Problems)
    """The files or rows that were left out."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the record of this data set says, as plain types."""
    settled: dict[str, Any] = field(default_factory=dict)
    """See `SourceData`; the configuration that training records has them, so that later verbs read the same way."""
    unusual: Problems = field(default_factory=Problems)
    """See `SourceData`."""
    near_copies: NearCopies | None = None
    """None where they were not looked for."""
    predicted: dict[str, Tensor] = field(default_factory=dict)
    """By split: the probabilities that `evaluate` has found for its examples, float [N, classes]; empty before it."""

    @property
    def several_labels(self) -> bool:
        """Whether `labels` are float [N, classes], 1 for each label of an example, and not class ids, int64 [N]."""
        return bool(np.ndim(self.splits.test["labels"]) == 2)

    @property
    def counts(self) -> dict[str, int]:
        """The number of examples in each split."""
        return {name: len(split) for name, split in vars(self.splits).items()}

    def with_splits(self, splits: Splits[Examples]) -> Self:
        """The same data in other splits."""
        return replace(self, splits=splits, near_copies=None, predicted={})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the training split."""
        return self.splits.train.digest()

    def as_dict(self) -> dict[str, Any]:
        """The record for results, as plain types."""
        record = vars(self.record) | {"skipped_files": self.record.skipped_files.counts}
        found = {"left_out": self.problems.counts} if self.problems else {}
        if self.near_copies:
            copies = self.near_copies
            found["near_copies"] = {
                "compared": copies.compared,
                "searched": copies.searched,
                "found": len(copies.across),
            }
        if self.unusual:
            found["unusual"] = self.unusual.counts
        return record | {"counts": self.counts, "digest": self.digest} | found | self.facts


def split_data(
    found: SourceData,
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    advice: str = "",
    validation_by_group: bool = True,
) -> Splits[Examples]:
    """The splits of a source; those that it lacks are cut off its training examples, the test split first.

    Args:
        advice: what else helps where there are too few groups, for the message.
        validation_by_group: whether groups stay together in the cut of the validation split too.

    Raises:
        UserError: there are too few examples to cut.
    """
    wanted = {"test": (found.test, test_fraction), "validation": (found.validation, validation_fraction)}
    if any(found.train.groups):
        if not validation_by_group:
            del wanted["validation"]
        cut = {f"data.{name}_fraction": share for name, (own, share) in wanted.items() if own is None}
        require_groups(found.train.groups, cut, advice)
    train, test = cut_examples(found.train, found.test, test_fraction, seed, classes=found.classes)
    train, validation = cut_examples(
        train, found.validation, validation_fraction, seed, validation_by_group, found.classes
    )
    return Splits(train.as_tensors(), validation.as_tensors(), test.as_tensors())


def cut_examples(
    whole: Examples,
    own: Examples | None,
    fraction: float,
    seed: int,
    by_group: bool = True,
    classes: Sequence[str] = (),
) -> tuple[Examples, Examples]:
    """Cut a fraction off, unless the source has its own split: by group where known, else by the share of classes.

    Args:
        classes: their names, for the message where one has too few examples.
    """
    if own is not None:
        return whole, own
    if by_group and any(whole.groups):
        first, second = grouped_split(whole.groups, fraction, seed, whole.strata or None)
    else:
        first, second = stratified_split(np.asarray(whole["labels"]), fraction, seed, classes)
    return whole.at(first), whole.at(second)
