"""Texts with their classes from CSV and TSV files, each row checked; and texts alone, for `predict`."""

import csv
import difflib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from shared.console import log
from shared.data.folders import splits_among
from shared.data.index import delimiter_of
from shared.data.problems import Problems, named
from shared.errors import UserError
from shared.files import write_text
from src.config import DataConfig

SUFFIXES = (".csv", ".tsv")
_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_FIELD = 2**31 - 1  # Python's csv refuses a field of more than 128 KiB by default


class Row(NamedTuple):
    """A text with its class, as a table has it."""

    text: str
    label: str
    """The name of the class."""
    name: str
    """Its file and line."""


def clean(text: str) -> str:
    """The text without NUL bytes and halves of characters, which no tokenizer reads, and without blanks around it."""
    return text.replace("\0", " ").encode(errors="replace").decode().strip()


def tables_in(root: Path) -> list[Path]:
    """The CSV and TSV files that `root` is or holds, sorted."""
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


def read_tables(root: Path, settings: DataConfig, problems: Problems) -> dict[str, list[Row]]:
    """The splits in `root` (see `split_tables`), each as `read_table` returns it; warns about rows that are left out.

    Raises:
        UserError: a file is missing or cannot be read, or its classes cannot be learned (see `check_labels`).
    """
    splits = {split: read_table(path, settings, problems) for split, path in split_tables(root).items()}
    if problems:
        log.warning(f"left out of {root}: {problems}")
    check_labels(splits)
    return splits


def read_table(path: Path, settings: DataConfig, problems: Problems) -> list[Row]:
    """The rows of one CSV or TSV file; those without a text or class go into `problems`.

    Raises:
        UserError: the file is empty, not UTF-8, no table, or lacks a column.
    """
    rows = []
    for line, (text, label), surplus in _rows(path, [settings.text_column, settings.label_column]):
        name = f"{path.name} line {line}"
        if surplus:
            problems.add("rows with more cells than the header", name)
        elif not text:
            problems.add("rows without a text", name)
        elif not label:
            problems.add("rows without a class", name)
        else:
            rows.append(Row(text, label, name))
    if not rows:
        raise UserError(f"{path} holds no row with a text and a class; add some, or set data.root to another file.")
    return rows


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
    csv.field_size_limit(_LARGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            if not header.strip():
                what = "an empty first line" if header else "nothing in it"
                raise UserError(f"{path} has {what}; its first line must name the columns.")
            delimiter = _delimiter(path, header, columns)
            file.seek(0)
            # Strict: otherwise a stray quote would join all rows up to the next quote into one text.
            for row in (reader := csv.DictReader(file, delimiter=delimiter, strict=True)):
                surplus = any(cell.strip() for cell in row.get(None, ()))
                yield reader.line_num, [clean(row[name] or "") for name in columns], surplus
    except UnicodeDecodeError as error:
        raise UserError(_not_utf8(path, error)) from error
    except csv.Error as error:
        raise UserError(
            f"{path} is no table that can be read ({error}, at or before line {reader.reader.line_num}); "
            "double the quotes inside quoted texts, or save it as CSV again."
        ) from error


def _not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    return f"{path} is not UTF-8 (the byte 0x{byte:02x} stands for no character); save it as UTF-8."


def _delimiter(path: Path, header: str, wanted: Sequence[str]) -> str:
    """The delimiter of the columns.

    Raises:
        UserError: the header lacks a column that is wanted, whatever the delimiter.
    """
    found = delimiter_of(header, wanted, _DELIMITERS)
    if found:
        return found
    names = max((next(csv.reader([header], delimiter=delimiter)) for delimiter in _DELIMITERS), key=len)
    missing = next(name for name in wanted if name not in names)
    nearest = difflib.get_close_matches(missing, names, n=1, cutoff=0.6)
    hint = f"; did you mean {nearest[0]}?" if nearest else "."
    raise UserError(
        f"{path} has no column {missing}, but {', '.join(map(repr, names[:8]))}; "
        f"name the right ones with data.text_column and data.label_column{hint}"
    )


def check_labels(splits: Mapping[str, list[Row]]) -> None:
    """Refuse classes that cannot be learned.

    Raises:
        UserError: there is only one class, nearly every text has its own class, or a split has a class that the
            training split lacks.
    """
    train = splits["train"]
    classes = {row.label for row in train}
    if len(classes) < 2:
        raise UserError(f"there is one class only ({train[0].label[:40]!r}); a classifier needs two or more.")
    if len(classes) > max(20, len(train) // 2):
        raise UserError(
            f"{len(train)} texts have {len(classes)} different classes; is data.label_column the right column?"
        )
    for split, rows in splits.items():
        require_classes(f"the {split} split", rows, classes)


def require_classes(where: str, rows: Sequence[Row], classes: Collection[str]) -> None:
    """Refuse rows of other classes."""
    unknown = [row.label for row in rows if row.label not in classes]
    if unknown:
        raise UserError(
            f"{where} has {len(unknown)} texts of classes that the training split lacks "
            f"({named(sorted(set(unknown)))}); add training texts of them, or remove them."
        )


def write_table(file: Path, texts: Sequence[str], labels: Sequence[str]) -> None:
    """Write a CSV file that `read_tables` reads; atomic."""
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(["text", "label"])
    writer.writerows(zip(texts, labels, strict=True))
    write_text(file, content.getvalue())
