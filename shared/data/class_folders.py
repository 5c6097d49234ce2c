"""The user's own files as a data set: one folder per class."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from shared.data.examples import Examples, SourceData
from shared.data.folders import (
    IMAGES,
    SPLIT_NAMES,
    FileKind,
    LabeledFiles,
    find_labeled,
    labeled_folders,
    read_all,
    split_folders,
)
from shared.data.problems import Problems


def read_class_folders(
    root: Path,
    column: str,
    read: Callable[[Path], np.ndarray],
    kind: FileKind = IMAGES,
    classes: Sequence[str] | None = None,
) -> SourceData:
    """The user's files: one folder per class in `root`, or in `root/train` beside `root/validation` and `root/test`.

    Args:
        column: what the arrays that `read` gives are called in `Examples`.
        read: gives arrays of one shape, or raises `UnreadableFileError`.
        classes: those of a trained network, of which some may be missing; None: those that are found.

    Raises:
        UserError: see `find_labeled` and `read_all`.
    """
    return read_splits(root, find_splits(root, kind, classes), column, read)


def find_splits(root: Path, kind: FileKind = IMAGES, classes: Sequence[str] | None = None) -> dict[str, LabeledFiles]:
    """The files in the class folders of each split, `train` first where there is one; nothing is read yet."""
    folders = split_folders(root) if classes is None else labeled_folders(root, classes)
    found: dict[str, LabeledFiles] = {}
    for split in sorted(folders, key=lambda name: name != "train"):
        found[split] = find_labeled(folders[split], classes, kind)
        classes = found[split].classes  # the training split says which there are
    return found


def read_splits(
    root: Path, labeled: Mapping[str, LabeledFiles], column: str, read: Callable[[Path], np.ndarray]
) -> SourceData:
    """The examples of the files that `find_splits` found (see `read_class_folders`)."""
    problems, first = Problems(), next(iter(labeled.values()))
    splits = {split: read_labeled(root, found, column, read, problems) for split, found in labeled.items()}
    train, validation, test = (splits.get(split) for split in SPLIT_NAMES)
    description = f"the user's own {first.kind.nouns}, one folder per class"
    own = (train or none_of(splits), validation, test)
    return SourceData(first.classes, *own, description, "the user's own", problems)


def none_of(splits: Mapping[str, Examples]) -> Examples:
    """No examples, in the columns of these splits: a labeled folder need not have a training split."""
    return next(iter(splits.values())).at([])


def read_labeled(
    root: Path, labeled: LabeledFiles, column: str, read: Callable[[Path], np.ndarray], problems: Problems
) -> Examples:
    """The examples of files below `root`, however their labels were found (see `read_class_folders`)."""
    arrays, labels, files = read_all(labeled, read, problems)
    return Examples({column: arrays, "labels": labels}, [file.relative_to(root).as_posix() for file in files])
