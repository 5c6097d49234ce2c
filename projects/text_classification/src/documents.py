"""Texts with their classes from CSV and TSV files or from class folders; and texts alone, for `predict`."""

import csv
import difflib
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from shared.console import log
from shared.data.folders import FileKind, has_class_files, splits_among
from shared.data.index import encoding_of, open_table
from shared.data.labels import MISSING, label_key, same_labels
from shared.data.problems import Problems, named
from shared.errors import UserError
from shared.files import write_text
from src.config import DataConfig
from src.stored import BLOCK, Row, Rows, joined, stored_rows

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
TEXTS = FileKind("text", (".txt",))
_LARGEST_FIELD = 2**31 - 1  # Python's csv refuses a field of more than 128 KiB by default
LARGE = 32_000_000  # bytes from which on a table is kept in data.processed: below, reading it takes seconds
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
    if root.is_file():
        return [root] if root.suffix.lower() in SUFFIXES else []
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def split_tables(root: Path) -> dict[str, Path]:
    """The file of each split in `root`: `train`, perhaps `validation` and `test`; a single file is `train`.

    Raises:
        UserError: there is no file, or several of which none is named train, or two of one split.
    """
    files = tables_in(root)
    if not files:
        raise UserError(f"{root} holds no CSV file; put one there with the columns text and label, or set data.root.")
    if len(files) == 1:
        return {"train": files[0]}
    splits, others = splits_among(files)
    if "train" not in splits:
        raise UserError(
            f"{root} holds several tables ({named([path.name for path in files])}), none of them train.csv; "
            "name them train.csv, validation.csv and test.csv, or set data.root to one of them."
        )
    if others:
        log.warning(
            f"not read in {root}: {named([path.name for path in others])}; the splits are train, validation and test."
        )
    return splits


def refuse_other_kinds(root: Path, settings: DataConfig) -> None:
    """Raise a UserError that says what to do with a file in `root`, where no CSV is, that holds a table otherwise."""
    wanted = [settings.text_column, settings.label_column]
    for path in sorted(root.glob("[!.]*")) if root.is_dir() else [root]:
        if kind := OTHER_KINDS.get(path.suffix.lower()):
            raise UserError(f"{path} {kind.format(path=path, csv=path.with_suffix('.csv'))}.")
        # A file that is no text at all has no columns either.
        with suppress(UnicodeError, csv.Error, IsADirectoryError), open_table(path, wanted) as table:
            if set(wanted) <= set(table.fieldnames or []):
                raise UserError(f"{path} is a table by another name; rename it to {path.stem}.csv.")
    if root.is_file():
        raise UserError(f"{root} is no CSV or TSV file; save it as CSV in UTF-8, with a header and one text per row.")


def has_text_folders(root: Path) -> bool:
    """Whether `root` holds class folders of texts, and no table beside index.csv, which says more of each file."""
    return all(path.name == "index.csv" for path in tables_in(root)) and has_class_files(root, TEXTS)


def read_texts_by_class(
    root: Path, settings: DataConfig, problems: Problems, classes: Sequence[str] | None = None
) -> dict[str, Rows]:
    """The rows of the splits in `root`, from tables or class folders; warns about those that are left out.

    Args:
        classes: those of a trained network, for which all rows are one split, `train`, whatever their files are called.

    Raises:
        UserError: a file is missing or cannot be read, or its classes cannot be learned (see `check_labels`).
    """
    if has_text_folders(root):
        splits = read_folders(root, settings, problems, classes)
    else:
        tables = {path.name: path for path in tables_in(root)} if classes else split_tables(root)
        splits = {split: read_table(path, settings, problems) for split, path in tables.items()}
    if classes:
        splits = {"train": joined([*splits.values()])}
    if settings.clean_labels:
        splits = clean_labels(splits, problems, classes or ())
    if problems:
        log.warning(f"left out of {root}: {problems}")
    if classes:
        require_classes(str(root), splits["train"], classes)
    else:
        check_labels(splits)
    return splits


def read_folders(
    root: Path, settings: DataConfig, problems: Problems, classes: Sequence[str] | None = None
) -> dict[str, Rows]:
    """The texts in `root/<class>/*.txt`, or in `train/<class>/` and so on: one row a file.

    Files that are empty, or neither UTF-8 nor UTF-16, go into `problems`.

    Raises:
        UserError: no class folder or no text of some split can be used.
    """
    from shared.data.class_folders import find_splits  # these load PyTorch, which the server does without
    from shared.data.groups import find_groups

    splits: dict[str, Rows] = {}
    for split, found in find_splits(root, TEXTS, classes).items():
        names = [path.relative_to(root).as_posix() for path in found.files]
        groups = [""] * len(names) if classes else find_groups(root, names, settings.group_pattern, TEXTS.nouns)
        rows = []
        for path, label, name, group in zip(found.files, found.labels, names, groups, strict=True):
            try:
                text = clean(path.read_text(encoding_of(path)))
            except (OSError, UnicodeError):
                problems.add("files that are not UTF-8", name, "save them as UTF-8")
                continue
            if text:
                rows.append(Row(text, found.classes[label], name, group))
            else:
                problems.add("files without a text", name)
        if not rows:
            raise UserError(f"{root} has no text of the {split} split that can be used; {problems}.")
        splits[split] = Rows.of(rows)
    return splits


def clean_labels(splits: Mapping[str, Rows], problems: Problems, classes: Collection[str] = ()) -> dict[str, Rows]:
    """The rows with one name for classes that are one (see `label_key`), without those whose class says "missing".

    The name in `classes` stays, else the most frequent one of the training split; the other rows go into `problems`.
    """
    names = [label for split in ("train", *splits) for label in splits[split].labels]  # train twice: it decides
    known = {label_key(name): name for name in classes}
    same = same_labels([*names, *known.values()])
    merged = {name: known.get(label_key(name), group[0]) for group in same for name in group}
    changed = [f"{name} -> {first}" for name, first in merged.items() if name != first]
    if changed:
        log.warning(f"data.clean_labels: {len(changed)} names of classes are merged ({named(changed)}).")
    missing = {name for name in set(names) if label_key(name) in MISSING}
    cleaned: dict[str, Rows] = {}
    for split, rows in splits.items():
        kept = [place for place, label in enumerate(rows.labels) if label not in missing]
        for name in (rows.names[place] for place, label in enumerate(rows.labels) if label in missing):
            problems.add("rows whose class says that it is missing", name)
        cleaned[split] = rows.at(kept, [merged.get(rows.labels[place], rows.labels[place]) for place in kept])
    return cleaned


def read_table(path: Path, settings: DataConfig, problems: Problems) -> Rows:
    """The rows of a table; those without a text or class go into `problems`. Large ones are stored (see `data.cache`).

    Raises:
        UserError: the file is empty, neither UTF-8 nor UTF-16, no table, or lacks a column.
    """
    columns = [settings.text_column, settings.label_column] + [settings.group_column] * bool(settings.group_column)
    if is_stored(path, settings):
        rows = stored_rows(path, settings.processed, columns, partial(_usable_rows, path, columns), problems)
    else:
        rows = Rows.of(_usable_rows(path, columns, problems))
    if not rows:
        raise UserError(f"{path} holds no row with a text and a class; add some, or set data.root to another file.")
    return rows


def is_stored(path: Path, settings: DataConfig) -> bool:
    """Whether the texts of a table are kept on the disk."""
    return settings.cache == "disk" or (settings.cache == "auto" and path.stat().st_size > LARGE)


def _usable_rows(path: Path, columns: Sequence[str], problems: Problems) -> Iterator[Row]:
    for line, (text, label, *group), surplus in _rows(path, columns):
        name = f"{path.name} line {line}"
        if surplus:
            problems.add("rows with more cells than the header", name)
        elif not text:
            problems.add("rows without a text", name)
        elif not label:
            problems.add("rows without a class", name)
        else:
            yield Row(text, label, name, *(group or [""]))


def read_texts(path: Path, text_column: str) -> list[str]:
    """The texts alone: that column of a CSV or TSV file, or the lines of any other file.

    Raises:
        UserError: the file does not exist, is empty or not UTF-8, or lacks the column.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}; correct the path.")
    if path.suffix.lower() in SUFFIXES:
        rows = list(_rows(path, [text_column]))
        torn = [str(line) for line, _, surplus in rows if surplus]
        if torn:
            raise UserError(f"{path} has more cells than its header in line {named(torn)}; put texts into quotes.")
        return [values[0] for _, values, _ in rows]
    try:
        return lines_of(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(_not_utf8(path, error)) from error


def lines_of(text: str) -> list[str]:
    """The lines of a text, cleaned; Python's `splitlines` would also cut at separators within a line."""
    return [clean(line) for line in io.StringIO(text, newline=None)]


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
        number = 0
        for batch in table.iter_batches(BLOCK, columns=[*dict.fromkeys(columns)]):
            held = batch.to_pydict()
            for values in zip(*(held[name] for name in columns), strict=True):
                number += 1
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


def check_labels(splits: Mapping[str, Rows]) -> None:
    """Refuse classes that cannot be learned.

    Raises:
        UserError: there is only one class, nearly every text has its own class, or a split has a class that the
            training split lacks.
    """
    train = splits["train"]
    classes = set(train.labels)
    if len(classes) < 2:
        raise UserError(f"there is one class only ({train.labels[0][:40]!r}); a classifier needs two or more.")
    if len(classes) > max(20, len(train) // 2):
        raise UserError(
            f"{len(train)} texts have {len(classes)} different classes; is data.label_column the right column?"
        )
    for split, rows in splits.items():
        require_classes(f"the {split} split", rows, classes)


def require_classes(where: str, rows: Rows, classes: Collection[str]) -> None:
    """Refuse rows of other classes."""
    unknown = [label for label in rows.labels if label not in classes]
    if unknown:
        spelled = set(map(label_key, unknown)) <= set(map(label_key, classes))
        raise UserError(
            f"{where} has {len(unknown)} texts of classes that the training split lacks "
            f"({named(sorted(set(unknown)))}); "
            + ("set data.clean_labels true" if spelled else "add training texts of them, or remove them")
            + (", which takes other spellings of a class for it." if spelled else ".")
        )


def write_table(file: Path, texts: Sequence[str], labels: Sequence[str]) -> None:
    """Write a CSV file that `read_table` reads; atomic."""
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(["text", "label"])
    writer.writerows(zip(texts, labels, strict=True))
    write_text(file, content.getvalue())
