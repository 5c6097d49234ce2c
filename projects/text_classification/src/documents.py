"""Texts with their classes: from CSV and TSV files, checked and counted, and cut so that no text is in two splits."""

import csv
import difflib
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.index import delimiter_of
from shared.data.problems import Problems, named
from shared.data.split_names import splits_among
from shared.data.splits import stratified_split
from shared.errors import UserError
from shared.files import write_text
from src.config import DataConfig

SUFFIXES = (".csv", ".tsv")
_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_FIELD = 2**31 - 1  # Python's csv refuses a field of more than 128 KiB by default


@dataclass(frozen=True)
class Documents:
    """Texts and the name of each one's class."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def at(self, indices: Sequence[int] | np.ndarray) -> "Documents":
        """The documents at these indices."""
        return Documents([self.texts[index] for index in indices], [self.labels[index] for index in indices])

    def __len__(self) -> int:
        return len(self.texts)


def clean(text: str) -> str:
    """The text without what no tokenizer can read: NUL bytes and halves of characters, and without outer blanks."""
    return text.replace("\0", " ").encode(errors="replace").decode().strip()


def tables_in(root: Path) -> list[Path]:
    """The CSV and TSV files that `root` is or holds, sorted."""
    if root.is_file():
        return [root] if root.suffix.lower() in SUFFIXES else []
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def split_tables(root: Path) -> dict[str, Path]:
    """The files of the splits that lie in `root`: `train`, perhaps `validation` and `test`; one file alone is `train`.

    Raises:
        UserError: there is no file, several whose names say nothing, or two of one split.
    """
    files = tables_in(root)
    if not files:
        raise UserError(f"{root} holds no CSV file; put one there with the columns text and label, or set data.root.")
    if len(files) == 1:
        return {"train": files[0]}
    splits, others = splits_among(files)
    if "train" not in splits:
        listed = ", ".join(path.name for path in files[:5])
        raise UserError(
            f"{root} holds several tables ({listed}), none of them train.csv; "
            "name them train.csv, validation.csv and test.csv, or set data.root to one of them."
        )
    if others:
        log.warning(
            f"not read in {root}: {named([path.name for path in others])}; the splits are train, validation and test."
        )
    return splits


def read_tables(root: Path, settings: DataConfig, problems: Problems) -> dict[str, Documents]:
    """The documents of the splits that lie in `root` (see `split_tables`).

    Rows without a text or without a class are left out, and said, and added to `problems`.

    Raises:
        UserError: a file is missing or cannot be read; a split has a class that the training split lacks.
    """
    splits = {split: read_table(path, settings, problems) for split, path in split_tables(root).items()}
    if problems:
        log.warning(f"left out of {root}: {problems}")
    check_labels(splits)
    return splits


def read_table(path: Path, settings: DataConfig, problems: Problems) -> Documents:
    """The documents of one CSV or TSV file; rows that cannot be used go into `problems`.

    Raises:
        UserError: the file is empty, no UTF-8, no table, or lacks a column.
    """
    found = Documents()
    for line, (text, label), surplus in _rows(path, [settings.text_column, settings.label_column]):
        if surplus:
            problems.add("rows with more cells than the header", f"{path.name} line {line}")
        elif not text:
            problems.add("rows without a text", f"{path.name} line {line}")
        elif not label:
            problems.add("rows without a class", f"{path.name} line {line}")
        else:
            found.texts.append(text)
            found.labels.append(label)
    if not found.texts:
        raise UserError(f"{path} holds no row with a text and a class; add some, or set data.root to another file.")
    return found


def read_texts(path: Path, text_column: str) -> list[str]:
    """The texts alone: of a CSV or TSV file with that column, or of any other file, in which a line is a text.

    Raises:
        UserError: the file is not there, empty, no UTF-8, or lacks the column.
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
        raise UserError(not_utf8(path, error)) from error


def lines_of(text: str) -> list[str]:
    """The texts of lines that end as files' lines do; Python's `splitlines` also cuts at signs inside of texts."""
    return [clean(line) for line in io.StringIO(text, newline=None)]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str], bool]]:
    """The number of each line, the cleaned values of the wanted columns, and whether it has more cells than the header.

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
            # Strict, or one quote too many would make one text of all rows up to the next quote.
            for row in (reader := csv.DictReader(file, delimiter=delimiter, strict=True)):
                surplus = any(cell.strip() for cell in row.get(None, ()))
                yield reader.line_num, [clean(row[name] or "") for name in columns], surplus
    except UnicodeDecodeError as error:
        raise UserError(not_utf8(path, error)) from error
    except csv.Error as error:
        raise UserError(
            f"{path} is no table that can be read ({error}, at or before line {reader.reader.line_num}); "
            "double the quotes inside quoted texts, or save it as CSV again."
        ) from error


def not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    """What to say of a file in another encoding."""
    byte = error.object[error.start]
    return f"{path} is not UTF-8 (the byte 0x{byte:02x} stands for no character); save it as UTF-8."


def _delimiter(path: Path, header: str, wanted: Sequence[str]) -> str:
    """What separates the columns.

    Raises:
        UserError: no delimiter makes the header line name all that are wanted.
    """
    found = delimiter_of(header, wanted, _DELIMITERS)
    if found:
        return found
    names = max((next(csv.reader([header], delimiter=delimiter)) for delimiter in _DELIMITERS), key=len)
    missing = [name for name in wanted if name not in names]
    nearest = difflib.get_close_matches(missing[0], names, n=1, cutoff=0.6)
    hint = f"; did you mean {nearest[0]}?" if nearest else "."
    raise UserError(
        f"{path} has no column {missing[0]}, but {', '.join(map(repr, names[:8]))}; "
        f"say which to use with data.text_column and data.label_column{hint}"
    )


def check_labels(splits: dict[str, Documents]) -> None:
    """Refuse classes that cannot be learned.

    Raises:
        UserError: there is one class only, nearly every text has a class of its own, or a split has a class that the
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
    for split, documents in splits.items():
        unknown = [label for label in documents.labels if label not in classes]
        if unknown:
            names = ", ".join(sorted(set(unknown))[:5])
            raise UserError(
                f"the {split} split has {len(unknown)} texts of classes that the training split lacks ({names}); "
                "add training texts of them, or remove them."
            )


def split_documents(whole: Documents, fraction: float, seed: int) -> tuple[Documents, Documents]:
    """Cut a share of the documents off, by class; a text that stands there twice lies on one side.

    Raises:
        UserError: a class has too few different texts to have one in each split.
    """
    first: dict[str, int] = {}
    for index, text in enumerate(whole.texts):
        first.setdefault(same_as(text), index)
    classes = {name: number for number, name in enumerate(sorted(set(whole.labels)))}
    _, cut = stratified_split(np.array([classes[whole.labels[index]] for index in first.values()]), fraction, seed)
    keys = list(first)
    there = {keys[index] for index in cut}
    sides: tuple[list[int], list[int]] = ([], [])
    for index, text in enumerate(whole.texts):
        sides[same_as(text) in there].append(index)
    return whole.at(sides[0]), whole.at(sides[1])


def without(train: Documents, others: Sequence[Documents]) -> Documents:
    """The training documents that stand in none of the other splits, so that no score is of what was learned."""
    seen = {same_as(text) for split in others for text in split.texts}
    return train.at([index for index, text in enumerate(train.texts) if same_as(text) not in seen])


def at_most(train: Documents, count: int, seed: int) -> Documents:
    """So many of the documents, drawn by the seed; all of them where `count` is 0."""
    if count == 0 or len(train) <= count:
        return train
    return train.at(sorted(random.Random(seed).sample(range(len(train)), count)))


def same_as(text: str) -> str:
    """What two texts have in common that differ in capitals and blanks alone."""
    return " ".join(text.casefold().split())


def write_table(documents: Documents, file: Path) -> None:
    """Write documents as a CSV file that `read_tables` reads; atomic."""
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(["text", "label"])
    writer.writerows(zip(documents.texts, documents.labels, strict=True))
    write_text(file, content.getvalue())
