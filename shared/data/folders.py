"""Files in folders: their suffix says what they are, the folders' names say their class and split."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from shared.console import log
from shared.data.packed import PackedPath
from shared.data.problems import REMEDY, named
from shared.errors import UserError

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class FileKind:
    """What the files of a data set are."""

    noun: str
    """What people call one of them; several have an s more."""
    suffixes: tuple[str, ...]

    @property
    def nouns(self) -> str:
        """What people call several of them."""
        return f"{self.noun}s"


IMAGES = FileKind("image", (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".jfif"))
RECORDINGS = FileKind("recording", (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"))

SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
"""What people call the folders and files of the splits."""


class UnreadableFileError(Exception):
    """The bytes cannot be used; the message says why in a few words."""

    problem = "unreadable {nouns}"
    """What several such files are called."""
    remedy = REMEDY


@dataclass(frozen=True)
class Decoded:
    """What a file gives."""

    values: np.ndarray
    """The network's input; of one shape and type for all files of a data set."""
    measures: Mapping[str, int] = field(default_factory=dict)
    """Of the file, such as `width` and `height`."""
    unusual: Sequence[str] = ()
    """What its owner may not know of the file, and how it was read."""


def read_again(read: Callable[[T], R], file: T) -> R:
    """What `read` gives; a UserError where the file, which could be read when the command began, cannot be any more."""
    try:
        return read(file)
    except UnreadableFileError as error:
        raise UserError(
            f"{file} was readable when the command began and is not any more ({error}); put it back, or run the "
            "command again, which leaves it out."
        ) from error


OF_PROGRAMS = ("thumbs.db", "desktop.ini", ".ds_store", "__macosx", "@eadir", ".git", ".ipynb_checkpoints")
"""Files and folders that programs leave behind, which are no data; nor are names that begin with `._`."""
LOOPS, DEAD, CLOSED = "links to a folder that holds them", "links that lead nowhere", "folders that cannot be opened"
HIDDEN = "names with a leading dot"


def visit(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[tuple[Path, str]]:
    """Every file below a folder with an empty text, and each skipped one with the reason. Links are followed."""
    if isinstance(folder, PackedPath):
        yield from ((path, "") for path in folder.files())
        return
    here = folder.resolve()
    if any(one.is_relative_to(here) for one in above):
        yield folder, LOOPS
        return
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        yield folder, CLOSED
        return
    for entry in entries:  # scandir tells files from folders; to ask the disk again takes long for 100,000 files
        path = folder / entry.name
        if entry.name.lower() in OF_PROGRAMS or entry.name.startswith("._"):
            continue
        if entry.name.startswith("."):
            yield path, HIDDEN
        elif entry.is_dir():
            yield from visit(path, (*above, here))
        elif not entry.is_symlink() or path.exists():
            yield path, ""
        else:
            yield path, DEAD


def visible_files(folder: Path) -> list[Path]:
    """All files below a folder, sorted, without those that `visit` skips."""
    return [path for path, reason in visit(folder) if not reason]


def list_files(folder: Path, kind: FileKind = IMAGES) -> list[Path]:
    """The files of a kind below a folder, by their suffix, sorted; `skipped_files` tells what is left out."""
    return [path for path in visible_files(folder) if path.suffix.lower() in kind.suffixes]


@dataclass(frozen=True)
class LabeledFiles:
    """Files with their labels, in the order of `classes`."""

    files: list[Path]
    labels: Sequence[int] | np.ndarray
    """Of each file its class id; or, where a file has several labels, float32 [N, classes]: 1 for those that it has."""
    classes: list[str]
    kind: FileKind = IMAGES
    origin: str = "one folder per class"
    """Where the labels come from."""
    groups: list[str] = field(default_factory=list)
    """See `Examples`; empty where nothing says it."""


def class_folders(root: Path) -> list[Path]:
    """The folders in `root` that can stand for classes, sorted by name."""
    if not root.is_dir():
        return []
    return sorted(
        path
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name.lower() not in OF_PROGRAMS
    )


def has_class_files(root: Path, kind: FileKind = IMAGES) -> bool:
    """Whether some folder in `root` holds files of the kind."""
    found = (path for folder in class_folders(root) for path, reason in visit(folder) if not reason)
    return any(path.suffix.lower() in kind.suffixes for path in found)  # it stops at the first


def split_called(name: str) -> str | None:
    """The split that a folder or file of this name holds, in any capitals; None where the name says nothing."""
    return next((split for split, names in SPLIT_NAMES.items() if name.lower() in names), None)


def splits_among(paths: Sequence[Path]) -> tuple[dict[str, Path], list[Path]]:
    """The folders or files that hold a split, by its name, and those that do not.

    Raises:
        UserError: two are of one split.
    """
    splits: dict[str, Path] = {}
    others = []
    for path in paths:
        split = split_called(path.stem)
        if split is None:
            others.append(path)
        elif split in splits:
            raise UserError(
                f"{path} and {splits[split].name} are both the {split} split; put them together or remove one."
            )
        else:
            splits[split] = path
    return splits, others


def split_folders(root: Path) -> dict[str, Path]:
    """The folders of class folders by split: `train`, perhaps `validation` and `test`; without them `root` as `train`.

    A folder `train` that holds no further folders is a class like others.

    Raises:
        UserError: two folders are of one split.
    """
    folders = class_folders(root)
    splits, others = splits_among(folders)
    if "train" not in splits or not class_folders(splits["train"]):
        return {"train": root}
    warn_beside_splits(others)
    return splits


def labeled_folders(root: Path, classes: Sequence[str]) -> dict[str, Path]:
    """The folders of class folders, by split, of which any may be missing; without splits `root` as `test`."""
    splits, others = splits_among([folder for folder in class_folders(root) if folder.name not in classes])
    splits = {split: folder for split, folder in splits.items() if class_folders(folder)}
    if splits:
        warn_beside_splits(others)
    return splits or {"test": root}


def warn_beside_splits(others: Sequence[Path]) -> None:
    """Name the folders beside those of the splits, if any: they are not read."""
    if others:
        log.warning(f"not read: {named([*map(str, others)])}; the splits are train, validation and test.")


def find_labeled(root: Path, classes: Sequence[str] | None = None, kind: FileKind = IMAGES) -> LabeledFiles:
    """Find `root/<class>/**/image.png`; files beside the class folders are left out with a warning.

    Args:
        classes: the classes that must be found, in this order; without it, the folders' names, sorted.

    Raises:
        UserError: no folder, or a file, fewer than two classes, a class without files, or a class not in `classes`.
    """
    if root.is_file():
        raise UserError(f"{root} is a file; name the folder that it lies in, {root.parent}.")
    found = {folder.name: list_files(folder, kind) for folder in class_folders(root)}
    if not found:
        raise UserError(f"{root} holds no class folders; put {kind.nouns} into {root}/<class>/, one folder per class.")
    stray = [path.name for path in sorted(root.iterdir()) if path.suffix.lower() in kind.suffixes and path.is_file()]
    if stray:
        listed = f"{len(stray)} {kind.nouns} of no class in {root} ({named(stray)})"
        log.warning(f"not read: {listed}; move them into class folders.")
    if classes is None and len(found) < 2:
        inner = class_folders(root)[0]
        several = len(class_folders(inner)) > 1
        hint = f"did you mean {inner}, which holds several?" if several else "a classifier needs at least two folders."
        raise UserError(f"{root} holds one class only ({inner.name}); {hint}")
    # Old archives bring names whose bytes are no UTF-8.
    strange = [name for name in found if name != name.encode(errors="replace").decode()]
    if strange:
        raise UserError(f"{root} has class folders whose names are no UTF-8: {named(strange)}; rename them.")
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise UserError(
            f"{root} has class folders without {kind.nouns} ({', '.join(kind.suffixes)}): {named(empty)}; "
            "add some or remove the folders."
        )
    names = sorted(found) if classes is None else list(classes)
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise UserError(
            f"{root} has classes that the training split does not have: {named(unknown)}; rename or remove them."
        )
    files = [file for folder in found.values() for file in folder]
    labels = [names.index(name) for name, folder in found.items() for _ in folder]
    return LabeledFiles(files, labels, names, kind)
