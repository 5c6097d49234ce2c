"""Folders and files that are the train, validation or test split by their names."""

from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError

SPLIT_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
"""What people call the folders and files of the splits."""


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
