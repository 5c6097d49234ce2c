"""Tables as people save them: a data set of rows, or a table that says more of each file of a data set."""

import csv
import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from shared.errors import UserError

SEPARATORS = (",", ";", "\t", "|")
TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
OFFICE = "is a file of Excel or another office program; save it there as CSV UTF-8"
PACKED = "is compressed; unpack it first"
_FIRST_BYTES = {b"PK\x03\x04": OFFICE, b"\xd0\xcf\x11\xe0": OFFICE, b"\x1f\x8b": PACKED}
_LARGEST_CELL = 2**31 - 1  # Python's csv refuses one of more than 128 KiB by default
_LOOKED_AT = 1000  # rows that tell whether the first line is a header
_BLOCK = 8192  # rows of a Parquet file that are in memory at a time

Rows = Iterator[tuple[int, Mapping[Any, Any], bool]]
"""Of each row its line, its cells by column, and whether it has more cells than the header."""


def tables_in(root: Path) -> list[Path]:
    """The tables that `root` is or holds, sorted."""
    found = [root] if root.is_file() else sorted(root.glob("[!.]*"))
    return [path for path in found if path.suffix.lower() in TABLES]


def read_index(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a table (see `table_rows`), whatever else they have behind the last column."""
    return [cells for _, cells, _ in table_rows(path, columns)]


def table_rows(
    path: Path, columns: Sequence[str] = (), advice: str = "add it"
) -> Iterator[tuple[int, dict[str, str], bool]]:
    """The rows of a CSV (see `open_table`), Parquet or JSON lines file, each with its line, and whether it is torn.

    A missing cell is empty; a list, as Parquet and JSON have them, is its values joined by `|`. A row is torn where it
    has more cells than the header.

    Args:
        columns: that are read; all where none are named.
        advice: what to do where one is missing.

    Raises:
        UserError: the file cannot be read or is no table, or lacks one of the columns.
    """
    readers = {".parquet": _parquet_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    try:
        for line, row, torn in readers.get(path.suffix.lower(), _csv_rows)(path, columns, advice):
            yield line, {name: _cell(row.get(name)) for name in columns or row if name is not None}, torn
    except UnicodeDecodeError as error:
        raise UserError(_not_utf8(path, error)) from error


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(str(one) for one in value if one is not None)
    return "" if value is None else str(value)


def _csv_rows(path: Path, columns: Sequence[str], advice: str) -> Rows:
    csv.field_size_limit(_LARGEST_CELL)
    reader = None
    try:
        with open_table(path, columns) as reader:
            if not any(reader.fieldnames or []):
                raise UserError(f"{path} has nothing in its first line, which must name the columns.")
            _require_header(path, reader, columns)
            _require_columns(path, reader.fieldnames or (), columns, advice)
            for row in reader:
                torn = any(cell.strip() for cell in row.get(None, ()))
                yield reader.line_num, row, torn
    except csv.Error as error:
        line = reader.reader.line_num if reader else 1
        raise UserError(
            f"{path} is no table that can be read ({error}, at or before line {line}); "
            "double the quotes inside quoted cells, or save it as CSV again."
        ) from error


def _json_rows(path: Path, columns: Sequence[str], advice: str) -> Rows:
    """One JSON object a line; the first one names the columns."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line) if line.strip() else {}
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise UserError(f"{path} has no JSON object in line {number}; write one row a line.")
            if number == 1:
                _require_columns(path, [*row], columns, advice)
            yield number, row, False


def _parquet_rows(path: Path, columns: Sequence[str], advice: str) -> Rows:
    try:
        parquet = import_module("pyarrow.parquet")  # no requirement of all projects, because few have such files
    except ImportError as error:
        raise UserError(f"reading {path} needs a package; run `pip install pyarrow`, or save it as CSV.") from error
    try:
        table = parquet.ParquetFile(path.open("rb"))  # opened here, because it may lie in a shard
        _require_columns(path, table.schema_arrow.names, columns, advice)
        batches = table.iter_batches(_BLOCK, columns=[*dict.fromkeys(columns)] or None)
        for number, row in enumerate((row for batch in batches for row in batch.to_pylist()), 1):
            yield number, row, False
    except (ValueError, OSError, NotImplementedError) as error:  # pyarrow's are kinds of them
        raise UserError(f"{path} is no Parquet file, or a damaged one ({str(error)[:80]}); save it again.") from error


def _not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    for mark, kind in _FIRST_BYTES.items():
        if start.startswith(mark):
            return f"{path} {kind}."
    byte = error.object[error.start]
    return f"{path} is not UTF-8 (the byte 0x{byte:02x} stands for no character); save it as UTF-8."


def _require_header(path: Path, reader: "csv.DictReader[str]", wanted: Sequence[str]) -> None:
    """Raise a UserError where a CSV file has no header, or its header has a wanted column twice."""
    names = list(reader.fieldnames or [])
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise UserError(f"{path} has {names.count(twice[0])} columns named {twice[0]}; rename all but one of them.")
    if set(wanted) <= set(names):
        return
    rows = list(islice(reader.reader, _LOOKED_AT))
    # A class comes again in its column, as no name of a column does; and no name of a column is a whole sentence.
    again = [place for place, name in enumerate(names) if any(name == cell.strip() for cell in _column(rows, place))]
    if again or any(len(name.split()) > 5 for name in names):
        longest = max(range(len(names)), key=lambda place: sum(map(len, _column([names, *rows], place))))
        header = [f"column_{place}" for place in range(len(names))]
        header[longest] = wanted[0]
        if len(wanted) > 1 and len(names) > 1:
            header[next(place for place in (*again, *range(len(names))) if place != longest)] = wanted[1]
        raise UserError(
            f"{path} has no header: its first line is a row ({', '.join(map(repr, names))[:80]}); add above it a line "
            f"that names the columns ({reader.reader.dialect.delimiter.join(header)})."
        )


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows if len(row) > place]


def _require_columns(path: Path, names: Sequence[str], wanted: Sequence[str], advice: str) -> None:
    """Raise a UserError where a column is missing."""
    missing = [name for name in wanted if name not in names]
    if missing:
        nearest = difflib.get_close_matches(missing[0], names, n=1, cutoff=0.6)
        hint = f"; did you mean {nearest[0]}?" if nearest else "."
        raise UserError(f"{path} has no column {missing[0]}, but {', '.join(map(repr, names[:8]))}; {advice}{hint}")


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
