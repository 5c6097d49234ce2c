"""The user's own files as a data set: one folder per class."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.examples import Examples, SourceData
from shared.data.folders import (
    IMAGES,
    SPLIT_NAMES,
    FileKind,
    LabeledFiles,
    find_labeled,
    labeled_folders,
    split_folders,
)
from shared.data.labels import label_counts
from shared.data.prepared import Reading, prepare
from shared.data.problems import named
from shared.data.rows import Rows
from shared.data.settings import PreparedDataConfig
from shared.errors import UserError


def find_splits(root: Path, kind: FileKind = IMAGES, classes: Sequence[str] | None = None) -> dict[str, LabeledFiles]:
    """The files in the class folders of `root`, or of `root/train` beside `root/validation` and `root/test`, by split.

    Args:
        classes: those of a trained network, of which some may be missing; None: those that are found.

    Raises:
        UserError: see `find_labeled`.
    """
    folders = split_folders(root) if classes is None else labeled_folders(root, classes)
    found: dict[str, LabeledFiles] = {}
    for split in sorted(folders, key=lambda name: name != "train"):
        found[split] = find_labeled(folders[split], classes, kind)
        classes = found[split].classes  # the training split says which there are
    return found


def read_splits(
    root: Path, labeled: Mapping[str, LabeledFiles], column: str, reading: Reading, settings: PreparedDataConfig
) -> SourceData:
    """The examples of files below `root`, however their labels were found; `train` is the first split if there is one.

    Files that cannot be read are left out with a warning; those that are unusual are named.

    Args:
        labeled: by split, such as `find_splits` finds them.
        column: what the arrays that `reading` gives are called in `Examples`.

    Raises:
        UserError: no file of some class of a split can be read; or see `prepare`.
    """
    first = next(iter(labeled.values()))
    files = [path for found in labeled.values() for path in found.files]
    settled = replace(reading, settle=lambda _: reading.settle(first.files))
    names = [path.relative_to(root).as_posix() for path in files]
    values, index, cache = prepare(root, files, names, settled, column, first.kind, settings)
    problems, unusual = index.note(names, first.kind)
    for sentence in problems.sentences():
        log.warning(f"left out of {len(files)} {first.kind.nouns}: {sentence}")
    for sentence in unusual.sentences():
        log.warning(f"used, but unusual: {sentence}")
    splits, start, row, readable = {}, 0, 0, index.readable
    for split, found in labeled.items():
        good = np.flatnonzero(readable[start : start + len(found.files)])
        whole = np.asarray(found.labels)
        labels = whole[good]
        counts = (label_counts(one, len(found.classes)) for one in (whole, labels))
        if lost := [name for name, before, now in zip(found.classes, *counts, strict=True) if before and not now]:
            raise UserError(
                f"no {found.kind.noun} can be read of {named(lost)}; replace the files of each of these classes."
            )
        rows = range(row, row + len(good))
        own = values.at(rows) if isinstance(values, Rows) else values[rows.start : rows.stop]
        groups = [found.groups[place] for place in good] if found.groups else []
        splits[split] = Examples({column: own, "labels": labels}, [names[start + place] for place in good], groups)
        start, row = start + len(found.files), rows.stop
    train, validation, test = (splits.get(split) for split in SPLIT_NAMES)
    held = (train or none_of(splits), validation, test)
    description = f"the user's own {first.kind.nouns}, {first.origin}"
    return SourceData(
        first.classes, *held, description, "the user's own", problems, {"cache": cache}, index.settled, unusual
    )


def none_of(splits: Mapping[str, Examples]) -> Examples:
    """No examples, in the columns of these splits: a labeled folder need not have a training split."""
    return next(iter(splits.values())).at([])
