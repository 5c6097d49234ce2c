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
    problems, folders = Problems(), split_folders(root) if classes is None else labeled_folders(root, classes)
    classes = find_labeled(folders["train"], kind=kind).classes if classes is None else list(classes)
    labeled = {split: find_labeled(folder, classes, kind) for split, folder in folders.items()}
    splits = {split: read_labeled(root, found, column, read, problems) for split, found in labeled.items()}
    train, validation, test = (splits.get(split) for split in SPLIT_NAMES)
    description = f"the user's own {kind.nouns}, one folder per class"
    return SourceData(classes, train or none_of(splits), validation, test, description, "the user's own", problems)


def none_of(splits: Mapping[str, Examples]) -> Examples:
    """No examples, in the columns of these splits: a labeled folder need not have a training split."""
    return next(iter(splits.values())).at([])


def read_labeled(
    root: Path, labeled: LabeledFiles, column: str, read: Callable[[Path], np.ndarray], problems: Problems
) -> Examples:
    """The examples of files below `root`, however their labels were found (see `read_class_folders`)."""
    arrays, labels, files = read_all(labeled, read, problems)
    return Examples({column: arrays, "labels": labels}, [file.relative_to(root).as_posix() for file in files])
