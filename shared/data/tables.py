"""Tables that say which labels each file has: CSV, TSV or Parquet files in the folder that holds the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.console import log
from shared.data.folders import IMAGES, SPLIT_NAMES, FileKind, LabeledFiles, list_files, split_called, splits_among
from shared.data.index import TABLES, read_index
from shared.data.labels import indicators
from shared.data.problems import Problems, named
from shared.errors import UserError

SEPARATOR = "|"
"""What stands between the labels of one file."""
VALUES = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
"""The cells of a table with a column for each label, in lower case."""
LOOKED_AT = 1000  # rows that tell which column names the files


@dataclass(frozen=True)
class _Row:
    file: Path
    labels: tuple[str, ...]
    by_column: bool
    """Whether each label has a column, so that a file without any is not a mistake."""
    group: str
    split: str


def tables_in(root: Path) -> list[Path]:
    """The tables that lie in a folder, sorted."""
    return sorted(path for path in root.iterdir() if path.suffix.lower() in TABLES and path.name[0] != ".")


def find_in_tables(
    root: Path,
    label_columns: Sequence[str],
    several: bool | None,
    problems: Problems,
    kind: FileKind = IMAGES,
    classes: Sequence[str] | None = None,
) -> dict[str, LabeledFiles]:
    """The files of each split with their labels, `train` first, as the tables in `root` say; empty where none does.

    A table's column with the files is the one whose cells name files below `root`, with or without their folder and
    ending. The labels are in the column `label` or `labels`, joined by `|` where a file has several, or in a column for
    each label, of 0 and 1. The columns `group` (see `Examples`) and `split` are read where there are such.

    Args:
        label_columns: the columns with the labels; empty: found as above.
        several: whether a file has any number of labels, float [N, L], or one, int [N]; None: as the tables say.
        problems: gets the rows and files that are left out, which is also said.
        classes: those of a trained network; None: those of the training split.

    Raises:
        UserError: a table cannot be read, contradicts itself, or has labels that training does not know.
    """
    tables = tables_in(root)
    files = list_files(root, kind) if tables else []
    places = _by_name(root, files)
    read = {path: rows for path in tables if (rows := _read_rows(path, places, label_columns, kind, problems))}
    if not read:
        if label_columns:
            raise UserError(f"no table in {root} names {kind.nouns} and has data.label_columns; add it, or correct them.")
        return {}
    splits, others = splits_among([*read]) if len(read) > 1 else ({"test" if classes else "train": [*read][0]}, [])
    if others or not (classes or "train" in splits):
        raise UserError(
            f"{root} has several tables with labels ({named([path.name for path in read])}); name them train.csv, "
            "validation.csv and test.csv, or leave one."
        )
    rows = _once(root, [(split_called(row.split) or split, row) for split in splits for row in read[splits[split]]])
    for path in sorted({*files} - {row.file for _, row in rows}):
        problems.add(f"{kind.nouns} that no table names", path.relative_to(root).as_posix(), "add rows if they are meant")
    if several is None:
        several = any(len(row.labels) > 1 or (row.by_column and not row.labels) for _, row in rows)
    if not several:
        for _, row in rows:
            if len(row.labels) != 1:
                problems.add("rows without a label, or with several", row.file.relative_to(root).as_posix())
        rows = [(split, row) for split, row in rows if len(row.labels) == 1]
    for sentence in problems.sentences():
        log.warning(f"not read: {sentence}")
    return _labeled(root, rows, several, kind, classes)


def _by_name(root: Path, files: Sequence[Path]) -> dict[str, Path | None]:
    """The file of each name that a table may call it by; None where several have that name."""
    places: dict[str, Path | None] = {}
    for path in files:
        short = {path.name, path.stem, path.relative_to(root).with_suffix("").as_posix()}
        places |= {name: None if name in places else path for name in short}
    return places | {path.relative_to(root).as_posix(): path for path in files}


def _read_rows(
    path: Path, places: Mapping[str, Path | None], wanted: Sequence[str], kind: FileKind, problems: Problems
) -> list[_Row]:
    """The rows of a table about files that are there; none where it names no files, or has no labels."""
    rows = [{name: cell.strip() for name, cell in row.items()} for row in read_index(path, ())]
    header = [*rows[0]] if rows else []
    cells = {name: [row[name].replace("\\", "/").removeprefix("./") for row in rows] for name in header}
    counts = {name: sum(cell in places for cell in cells[name][:LOOKED_AT]) for name in header}
    column = max(counts, key=counts.__getitem__, default="")
    if not counts.get(column):
        return []
    others = [name for name in header if name not in (column, "group", "split")]
    flags = [name for name in others if {cell.lower() for cell in cells[name]} <= VALUES.keys()]
    chosen = [*wanted] or [name for name in others if name.lower() in ("label", "labels")] or flags
    if not chosen or not {*chosen} <= {*others}:
        return []
    if unread := [name for name in others if name not in chosen]:
        log.info(f"data: of {path.name}, the columns {named(unread)} are not read; labels are in {named(chosen)}")
    by_column, found = len(chosen) > 1 or chosen == flags, []
    for number, row in enumerate(rows):
        name = f"{path.name}: {cells[column][number]}"
        if (file := places.get(cells[column][number])) is None:
            problems.add(f"rows whose {kind.noun} is missing, or is one of several of that name", name)
        elif by_column and not all(row[label].lower() in VALUES for label in chosen):
            problems.add("rows with cells other than 0 and 1 in the columns of labels", name)
        else:
            parts = chosen if by_column else dict.fromkeys(one.strip() for one in row[chosen[0]].split(SEPARATOR))
            labels = tuple(one for one in parts if (VALUES[row[one].lower()] if by_column else one))
            found.append(_Row(file, labels, by_column, row.get("group", ""), row.get("split", "")))
    return found


def _once(root: Path, rows: Sequence[tuple[str, _Row]]) -> list[tuple[str, _Row]]:
    """The rows without repetitions; raises a UserError where two rows of a file differ."""
    first: dict[Path, tuple[str, _Row]] = {}
    for split, row in rows:
        if first.setdefault(row.file, (split, row)) != (split, row):
            raise UserError(
                f"the tables in {root} have rows of {row.file.relative_to(root)} that differ; leave one, with all its "
                f"labels joined by {SEPARATOR}."
            )
    return [*first.values()]


def _labeled(
    root: Path, rows: Sequence[tuple[str, _Row]], several: bool, kind: FileKind, classes: Sequence[str] | None
) -> dict[str, LabeledFiles]:
    known = classes or sorted({label for split, row in rows if split == "train" for label in row.labels})
    if len(known) < 2:
        raise UserError(f"the tables in {root} have {len(known)} labels ({named(known)}); a classifier needs two or more.")
    if unknown := sorted({label for _, row in rows for label in row.labels} - {*known}):
        raise UserError(
            f"the tables in {root} have labels that the training split does not have: {named(unknown)}; correct them."
        )
    found, place = {}, {label: number for number, label in enumerate(known)}
    for split in SPLIT_NAMES:
        if own := [row for name, row in rows if name == split]:
            ids = [[place[label] for label in row.labels] for row in own]
            labels = indicators(ids, len(known)) if several else [one for (one,) in ids]
            files, groups = [row.file for row in own], [row.group for row in own]
            found[split] = LabeledFiles(files, labels, [*known], kind, "labeled by a table", groups)
    return found
