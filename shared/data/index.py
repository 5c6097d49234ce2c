"""A table beside a data set's files that says more of each of them: who speaks, which slide a tile is of."""

import csv
from collections.abc import Sequence
from pathlib import Path

from shared.errors import UserError


def read_index(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file by its header, separated by commas, semicolons or tabs; a missing cell is empty.

    Raises:
        UserError: it cannot be read, or lacks one of the columns.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter_of(first, columns, ",;\t") or ",")
            header = list(reader.fieldnames or [])
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path} ({error}); save it as CSV in UTF-8.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise UserError(f"{path} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}. Add it.")
    return [{name: row[name] or "" for name in header} for row in rows]


def delimiter_of(header: str, wanted: Sequence[str], candidates: Sequence[str]) -> str | None:
    """What separates the columns: the first that makes the header line name all that are wanted; None if none does."""
    return next((sign for sign in candidates if set(wanted) <= set(next(csv.reader([header], delimiter=sign)))), None)
