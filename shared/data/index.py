"""Tables as people save them: a data set of rows, or a table that says more of each file of a data set."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from shared.errors import UserError

SEPARATORS = (",", ";", "\t", "|")
TABLES = (".csv", ".tsv", ".parquet")


def read_index(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table by its header: CSV (see `open_table`) or Parquet; a missing cell is empty.

    Raises:
        UserError: it cannot be read, or lacks one of the columns.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return _parquet_rows(path)
        with open_table(path, columns) as reader:
            header = list(reader.fieldnames or [])
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path} ({error}); save it as CSV in UTF-8.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise UserError(f"{path} has no column {missing[0]!r}; it has {', '.join(header) or 'none'}. Add it.")
    return [{name: row[name] or "" for name in header} for row in rows]


def _parquet_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a Parquet file as text; lists as their values, joined by `|`."""
    try:
        parquet = import_module("pyarrow.parquet")  # no requirement, because few have such files
        rows = parquet.read_table(path).to_pylist()
    except ImportError as error:
        raise UserError(f"reading {path} needs a package; run `pip install pyarrow`, or save it as CSV.") from error
    except (ValueError, OSError, NotImplementedError) as error:  # pyarrow's are kinds of them
        raise UserError(f"{path} is no Parquet file, or a damaged one ({str(error)[:80]}); save it again.") from error
    listed = [{name: value if isinstance(value, list) else [value] for name, value in row.items()} for row in rows]
    return [{name: "|".join(str(one) for one in own if one is not None) for name, own in row.items()} for row in listed]


@contextmanager
def open_table(path: Path, wanted: Sequence[str]) -> Iterator["csv.DictReader[str]"]:
    """The rows of a CSV file by its header, whatever separates the columns; `fieldnames` is empty in an empty file.

    UTF-8, UTF-16 (Excel's "Unicode text"), Excel's first line `sep=;`, and blanks after the separators are understood.

    Args:
        wanted: columns that the header should have; they tell what the separator is.
    """
    with path.open(encoding=encoding_of(path), newline="") as file:
        header = file.readline()
        stated = re.fullmatch(r"sep=(.)\s*", header)
        header = file.readline() if stated else header
        separator = stated[1] if stated else separator_of(header, wanted)
        file.seek(0)
        # Strict: otherwise a stray quote would join all rows up to the next quote into one cell.
        reader = csv.DictReader(file, delimiter=separator, strict=True, skipinitialspace=f"{separator} " in header)
        if stated:
            next(reader.reader)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
        yield reader


def separator_of(header: str, wanted: Sequence[str]) -> str:
    """The separator that makes the header name the most wanted columns; among those, the most columns."""

    def columns(separator: str) -> tuple[int, int]:
        names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
        return len(set(wanted) & set(names)), len(names)

    return max(SEPARATORS, key=columns)


def encoding_of(path: Path) -> str:
    """The encoding of a text file, without its byte order mark: UTF-16 where its first bytes show it, else UTF-8."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = start[::2].count(0), start[1::2].count(0)  # one byte of each ASCII letter in UTF-16 is 0
    if max(even, odd) > len(start) // 4:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig"
