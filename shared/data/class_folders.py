"""The user's own files as a data set: one folder per class."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from shared.data.examples import Examples, SourceData
from shared.data.folders import IMAGES, FileKind, LabeledFiles, find_labeled, read_all, split_folders
from shared.data.problems import Problems


def read_class_folders(
    root: Path, column: str, read: Callable[[Path], np.ndarray], kind: FileKind = IMAGES
) -> SourceData:
    """The user's files: one folder per class in `root`, or in `root/train` beside `root/validation` and `root/test`.

    Args:
        column: what the arrays that `read` gives are called in `Examples`.
        read: gives arrays of one shape, or raises `UnreadableFileError`.

    Raises:
        UserError: see `find_labeled` and `read_all`.
    """
    return read_splits(root, find_splits(root, kind), column, read)


def find_splits(root: Path, kind: FileKind = IMAGES) -> dict[str, LabeledFiles]:
    """The files in the class folders of each split, `train` first; nothing is read yet."""
    folders = split_folders(root)
    train = find_labeled(folders["train"], kind=kind)
    others = {split: find_labeled(folder, train.classes, kind) for split, folder in folders.items() if split != "train"}
    return {"train": train} | others


def read_splits(
    root: Path, labeled: Mapping[str, LabeledFiles], column: str, read: Callable[[Path], np.ndarray]
) -> SourceData:
    """The examples of the files that `find_splits` found (see `read_class_folders`)."""
    problems, train = Problems(), labeled["train"]
    splits = {split: read_labeled(root, found, column, read, problems) for split, found in labeled.items()}
    own = (splits.get("validation"), splits.get("test"))
    description = f"the user's own {train.kind.nouns}, one folder per class"
    return SourceData(train.classes, splits["train"], *own, description, "the user's own", problems)


def read_labeled(
    root: Path, labeled: LabeledFiles, column: str, read: Callable[[Path], np.ndarray], problems: Problems
) -> Examples:
    """The examples of files below `root`, however their labels were found (see `read_class_folders`)."""
    arrays, labels, files = read_all(labeled, read, problems)
    return Examples({column: arrays, "labels": labels}, [file.relative_to(root).as_posix() for file in files])
