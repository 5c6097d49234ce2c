"""Folders and files that are the train, validation or test part by their names."""

from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError

PART_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
"""What people call the folders and files of the parts."""


def part_called(name: str) -> str | None:
    """The part that a folder or file of this name holds, in any capitals; None where the name says nothing."""
    return next((part for part, names in PART_NAMES.items() if name.lower() in names), None)


def parts_among(paths: Sequence[Path]) -> tuple[dict[str, Path], list[Path]]:
    """The folders or files that hold a part, by its name, and those that do not.

    Raises:
        UserError: two are of one part.
    """
    parts: dict[str, Path] = {}
    others = []
    for path in paths:
        part = part_called(path.stem)
        if part is None:
            others.append(path)
        elif part in parts:
            raise UserError(f"{path} and {parts[part].name} are both the {part} part; put them together or remove one.")
        else:
            parts[part] = path
    return parts, others
