"""Tables of texts as people save them: CSV, TSV, Parquet and JSON lines; what is none is told what to do."""

import csv
import difflib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from shared.data.folders import FileKind, UnreadableFileError
from shared.data.index import encoding_of, open_table
from shared.data.problems import Problems, named
from shared.errors import UserError
from src.config import DataConfig
from src.stored import BLOCK, Row

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
TEXTS = FileKind("text", (".txt",))
_LARGEST_FIELD = 2**31 - 1  # Python's csv refuses a field of more than 128 KiB by default
_LOOKED_AT = 1000  # rows that tell whether the first line is a header
_EXCEL = "is a file of Excel or another office program; save it there as CSV UTF-8"
_PACKED = "is compressed; unpack it first"
OTHER_KINDS = {
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), _EXCEL),
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".7z", ".tar"), _PACKED),
    ".json": """holds no table; convert it: python -c "import pandas; pandas.read_json('{path}', dtype=False)"""
    """.to_csv('{csv}', index=False)\"""",
}
"""What a file is that is no table, and what to do, by its ending."""
_FIRST_BYTES = {b"PK\x03\x04": _EXCEL, b"\xd0\xcf\x11\xe0": _EXCEL, b"\x1f\x8b": _PACKED}


def clean(text: str) -> str:
    """The text without NUL bytes and halves of characters, which no tokenizer reads, and without blanks around it."""
    return text.replace("\0", " ").encode(errors="replace").decode().strip()


def tables_in(root: Path) -> list[Path]:
    """The tables that `root` is or holds, sorted."""
    found = [root] if root.is_file() else sorted(root.glob("[!.]*"))
    return [path for path in found if path.suffix.lower() in SUFFIXES]


def refuse_other_kinds(settings: DataConfig) -> None:
    """Raise a UserError that says what to do with what `data.root` holds, where that is neither table nor folders."""
    root, wanted = settings.root, [settings.text_column, settings.label_column]
    if settings.source not in ("auto", "csv") or not root.exists():
        return
    for path in sorted(root.glob("[!.]*")) if root.is_dir() else [root]:
        if kind := OTHER_KINDS.get(path.suffix.lower()):
            raise UserError(f"{path} {kind.format(path=path, csv=path.with_suffix('.csv'))}.")
        # A file that is no text at all has no columns either.
        with suppress(UnicodeError, csv.Error, IsADirectoryError), open_table(path, wanted) as table:
            if set(wanted) <= set(table.fieldnames or []):
                raise UserError(f"{path} is a table by another name; rename it to {path.stem}.csv.")
    if root.is_file():
        raise UserError(f"{root} is no CSV or TSV file; save it as CSV in UTF-8, with a header and one text per row.")


def read_text(path: Path) -> str:
    """The text of a whole file, cleaned; raises UnreadableFileError where it is neither UTF-8 nor UTF-16."""
    try:
        return clean(path.read_text(encoding_of(path)))
    except (OSError, UnicodeError) as error:
        raise UnreadableFileError("not UTF-8") from error


def usable_rows(path: Path, columns: Sequence[str], problems: Problems) -> Iterator[Row]:
    """The rows of a table that have a text and a class; the others go into `problems`."""
    for line, (text, label, *group), surplus in _rows(path, columns):
        if text and label and not surplus:
            yield text, label, line, group[0] if group else ""
        else:
            lack = "with more cells than the header" if surplus else f"without a {'class' if text else 'text'}"
            problems.add(f"rows {lack}", f"{path.name} line {line}")


def read_column(path: Path, column: str) -> list[str]:
    """The texts alone of a table.

    Raises:
        UserError: the file is missing or no such table, or a row has more cells than the header.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}; correct the path.")
    rows = [*_rows(path, [column])]
    torn = [str(line) for line, _, surplus in rows if surplus]
    if torn:
        raise UserError(f"{path} has more cells than its header in line {named(torn)}; put texts into quotes.")
    return [values[0] for _, values, _ in rows]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str], bool]]:
    """The number of each line, the cleaned values of the columns, and whether it has more cells than the header.

    A missing value is empty.
    """
    kinds = {".parquet": _parquet_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    try:
        for line, values, surplus in kinds.get(path.suffix.lower(), _csv_rows)(path, columns):
            yield line, [clean("" if value is None else str(value)) for value in values], surplus
    except UnicodeDecodeError as error:
        raise UserError(_not_utf8(path, error)) from error


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[Any], bool]]:
    csv.field_size_limit(_LARGEST_FIELD)
    reader = None
    try:
        with open_table(path, columns) as reader:
            if not any(reader.fieldnames or []):
                raise UserError(f"{path} has nothing in its first line, which must name the columns.")
            _require_header(path, reader, columns)
            for row in reader:
                surplus = any(cell.strip() for cell in row.get(None, ()))  # type: ignore[call-overload]
                yield reader.line_num, [row[name] for name in columns], surplus
    except csv.Error as error:
        line = reader.reader.line_num if reader else 1
        raise UserError(
            f"{path} is no table that can be read ({error}, at or before line {line}); "
            "double the quotes inside quoted texts, or save it as CSV again."
        ) from error


def _json_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[Any], bool]]:
    """One JSON object a line; the first one names the columns."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line) if line.strip() else {}
                values = [row.get(name) for name in columns]
            except (ValueError, AttributeError) as error:
                raise UserError(f"{path} has no JSON object in line {number}; write one row a line.") from error
            if number == 1:
                _require_columns(path, [*row], columns)
            yield number, values, False


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[Any], bool]]:
    import pyarrow as pa  # it takes a while to load
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path)
        _require_columns(path, table.schema_arrow.names, columns)
        batches = table.iter_batches(BLOCK, columns=[*dict.fromkeys(columns)])
        rows = (row for batch in batches for row in zip(*(batch[name].to_pylist() for name in columns), strict=True))
        for number, values in enumerate(rows, 1):
            yield number, [*values], False
    except pa.ArrowException as error:
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
    """Raise a UserError where a CSV file has no header, or its header lacks a column or has it twice."""
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
    _require_columns(path, names, wanted)


def _require_columns(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise a UserError where a column is missing."""
    missing = [name for name in wanted if name not in names]
    if not missing:
        return
    nearest = difflib.get_close_matches(missing[0], names, n=1, cutoff=0.6)
    hint = f"; did you mean {nearest[0]}?" if nearest else "."
    raise UserError(
        f"{path} has no column {missing[0]}, but {', '.join(map(repr, names[:8]))}; "
        f"name the right ones with data.text_column and data.label_column{hint}"
    )


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows if len(row) > place]
