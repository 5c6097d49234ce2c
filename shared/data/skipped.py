"""What lies beside the files that are read: nothing is left out without a word."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.console import log
from shared.data.folders import HIDDEN, IMAGES, FileKind, list_files, visit
from shared.data.images import UnreadableImageError, open_image
from shared.data.problems import Problems
from shared.data.sources import DataRecord
from shared.errors import UserError

PAGED = (".tif", ".tiff", ".gif", ".webp")
"""Of image files that can hold several images."""


def skipped_files(folder: Path, kind: FileKind = IMAGES, beside: bool = False) -> Problems:
    """What lies below a folder and is not read, by reason.

    Args:
        beside: also files of other kinds in the folder itself, which need not be meant where it has class folders.
    """
    found = Problems()
    for path, reason in visit(folder):
        if not reason and path.suffix.lower() in kind.suffixes and path.suffix.lower() not in PAGED:
            continue
        name = path.relative_to(folder).as_posix()
        if reason == HIDDEN:  # it matters where it holds what would be read otherwise
            if list_files(path, kind) if path.is_dir() else path.suffix.lower() in kind.suffixes:
                found.add(HIDDEN, name, "rename them if they are meant")
        elif reason:
            found.add(reason, name, "mend them if they are meant")
        elif path.suffix.lower() not in kind.suffixes:
            if beside or path.parent != folder:
                remedy = f"if {kind.nouns} are among them, save them as {kind.suffixes[0]}"
                found.add("files of other kinds", name, remedy)
        else:
            _note_pages(path, name, found)
    return found


def _note_pages(path: Path, name: str, found: Problems) -> None:
    """Note an image file that holds several images, such as the layers of a stack: only the first is read."""
    if path.suffix.lower() in PAGED:
        # A file that is no image is named where it is read.
        with suppress(UnreadableImageError), open_image(path) as image:
            if getattr(image, "is_animated", False):
                remedy = "save each page as a file, if the others are meant"
                found.add("pages after the first in files of several", name, remedy)


def skipped_warnings(record: DataRecord | None, settings: Any, kind: FileKind = IMAGES) -> list[str]:
    """For check-data: a sentence about what is not read of the user's own files, by reason.

    Args:
        record: that of the data, which has these files; None where the data is refused.
        settings: those of the data: `source` and `root`.
    """
    found = record.skipped_files if record else Problems()
    if not record and settings.source in ("auto", "folder"):
        found = skipped_files(settings.root, kind)
    return [f"not read: {sentence}" for sentence in found.sentences()]


def collect_files(inputs: Sequence[Path], kind: FileKind = IMAGES) -> tuple[list[Path], dict[str, int]]:
    """The files of a kind that a user named: files as they are, and what lies in folders.

    Returns:
        The files; and how many of each kind were skipped, which is also logged.

    Raises:
        UserError: a path leads nowhere, or a folder holds none.
    """
    files: list[Path] = []
    skipped = Problems()
    for path in inputs:
        if not path.exists():
            raise UserError(f"there is no file or folder {path}; correct the path.")
        found = list_files(path, kind) if path.is_dir() else [path]
        if path.is_dir():
            skipped.update(skipped_files(path, kind, beside=True))
        else:
            _note_pages(path, str(path), skipped)
        if not found:
            holds = f", but {skipped}" if skipped else ""
            raise UserError(
                f"the folder {path} holds no {kind.nouns} ({', '.join(kind.suffixes)}){holds}; name {kind.noun} files "
                "or a folder of them."
            )
        files.extend(found)
    for sentence in skipped.sentences():
        log.warning(f"not read: {sentence}")
    return files, skipped.counts
