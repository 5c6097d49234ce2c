"""Tables that say which labels each file has: CSV, TSV or Parquet files in the folder that holds the files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from shared.console import log
from shared.data.folders import IMAGES, SPLIT_NAMES, FileKind, LabeledFiles, list_files, split_called, splits_among
from shared.data.index import read_index, tables_in
from shared.data.labels import indicators
from shared.data.problems import Problems, named
from shared.errors import UserError

SEPARATOR = "|"
"""What stands between the labels of one file."""
FLAGS = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
"""The cells of a table with a column for each label, in lower case."""
LOOKED_AT = 1000  # rows that tell which column names the files


class _Row(NamedTuple):
    file: Path
    labels: tuple[str, ...]
    may_be_empty: bool
    """Whether each label has a column, so that a file without any is no mistake."""
    group: str
    split: str


def find_in_tables(
    root: Path,
    columns: Sequence[str],
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
        columns: those with the labels; empty: found as above.
        several: whether a file has any number of labels, float [N, L], or one, int [N]; None: as the tables say.
        problems: gets the rows and files that are left out, which is also said.
        classes: those of a trained network; None: those of the training split.

    Raises:
        UserError: a table cannot be read, contradicts itself, or has labels that training does not know.
    """
    files = list_files(root, kind) if tables_in(root) else []
    read = _read_tables(root, files, columns, kind, problems)
    if not read:
        return {}
    splits, others = splits_among([*read])
    if len(read) == 1:
        splits, others = {"test" if classes else "train": next(iter(read))}, []
    if others or not (classes or "train" in splits):
        raise UserError(
            f"{root} has several tables with labels ({named([path.name for path in read])}); name them train.csv, "
            "validation.csv and test.csv, or leave one."
        )
    log.info(f"data: labels are read from {named([path.name for path in splits.values()])}")
    rows = [row._replace(split=split_called(row.split) or split) for split in splits for row in read[splits[split]]]
    rows = _once(root, rows)
    for path in sorted({*files} - {row.file for row in rows}):
        problems.add(f"{kind.nouns} that no table names", _shown(root, path), "add rows if they are meant")
    if several is None:
        several = any(len(row.labels) > 1 or (row.may_be_empty and not row.labels) for row in rows)
    for row in rows:
        if not several and len(row.labels) != 1:
            problems.add("rows without a label, or with several", _shown(root, row.file))
    for sentence in problems.sentences():
        log.warning(f"not read: {sentence}")
    return _labeled(root, [row for row in rows if several or len(row.labels) == 1], several, kind, classes)


def _read_tables(
    root: Path, files: Sequence[Path], columns: Sequence[str], kind: FileKind, problems: Problems
) -> dict[Path, list[_Row]]:
    """The rows of the tables in `root` that have labels; beside class folders, a table need not be about labels."""
    parts = [path.relative_to(root).parts for path in files]
    folders = sorted({first for first, *below in parts if below and not split_called(first)})
    places, read = _by_name(root, files), {}
    for path in tables_in(root):
        try:
            if found := _read_rows(path, places, columns, kind, problems):
                read[path] = found
        except UserError as error:
            if columns or not folders:
                raise
            log.warning(f"not read: {error}")
    if problems and not read:
        raise UserError(f"no row of the tables in {root} can be used: {problems}; correct them.")
    if columns and not read:
        raise UserError(f"no table in {root} names {kind.nouns} and has data.label_columns; correct them.")
    if len(folders) > 1 and not columns and any(own[0].may_be_empty for own in read.values()):
        raise UserError(
            f"{root} has class folders ({named(folders)}) and a table with columns of 0 and 1; name those with the "
            "labels with --data.label_columns, or put the table elsewhere."
        )
    return read


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _by_name(root: Path, files: Sequence[Path]) -> dict[str, Path | None]:
    """The file of each name that a table may call it by; None where several have that name."""
    places: dict[str, Path | None] = {}
    for path in files:
        for name in {path.name, path.stem, path.relative_to(root).with_suffix("").as_posix()}:
            places[name] = None if name in places else path
    return places | {_shown(root, path): path for path in files}


def _read_rows(
    path: Path, places: Mapping[str, Path | None], wanted: Sequence[str], kind: FileKind, problems: Problems
) -> list[_Row]:
    """The rows of a table about files that are there; none where it names no files, or has no labels."""
    rows = [{name: cell.strip() for name, cell in row.items()} for row in read_index(path, ())]
    cells = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    files = {name: [cell.replace("\\", "/").removeprefix("./") for cell in own] for name, own in cells.items()}
    counts = {name: sum(file in places for file in own[:LOOKED_AT]) for name, own in files.items()}
    column = max(counts, key=counts.__getitem__, default="")
    others = [name for name in cells if name not in (column, "group", "split")]
    flags = [name for name in others if {cell.lower() for cell in cells[name]} <= FLAGS.keys()]
    chosen = [*wanted] or [name for name in others if name.lower() in ("label", "labels")] or flags
    if not counts.get(column) or not chosen or not {*chosen} <= {*others}:
        return []
    if unread := [name for name in others if name not in chosen]:
        log.info(f"data: of {path.name}, the columns {named(unread)} are not read; labels are in {named(chosen)}")
    by_column, found = len(chosen) > 1 or chosen == flags, []
    for file, row in zip(files[column], rows, strict=True):
        if (place := places.get(file)) is None:
            what = f"rows whose {kind.noun} is missing, or one of several of that name"
        elif row.get("split") and not split_called(row["split"]):
            what = "rows of another split than train, validation and test"
        elif by_column and not all(row[name].lower() in FLAGS for name in chosen):
            what = "rows with other cells than 0 and 1 in columns of labels"
        else:
            joined = dict.fromkeys(one.strip() for one in row[chosen[0]].split(SEPARATOR))
            labels = [name for name in chosen if FLAGS[row[name].lower()]] if by_column else filter(None, joined)
            found.append(_Row(place, tuple(sorted(labels)), by_column, row.get("group", ""), row.get("split", "")))
            continue
        problems.add(what, f"{path.name}: {file}")
    return found


def _once(root: Path, rows: Sequence[_Row]) -> list[_Row]:
    """The rows without repetitions; raises a UserError where two rows of a file differ."""
    first: dict[Path, _Row] = {}
    for row in rows:
        if first.setdefault(row.file, row) != row:
            raise UserError(
                f"the tables in {root} have rows of {_shown(root, row.file)} that differ; leave one, with all "
                f"labels joined by {SEPARATOR}."
            )
    return [*first.values()]


def _labeled(
    root: Path, rows: Sequence[_Row], several: bool, kind: FileKind, classes: Sequence[str] | None
) -> dict[str, LabeledFiles]:
    known = [*(classes or sorted({label for row in rows if row.split == "train" for label in row.labels}))]
    if len(known) < 2:
        raise UserError(f"the tables in {root} have fewer than two labels ({named(known)}); see data.label_columns.")
    if unknown := sorted({label for row in rows for label in row.labels} - {*known}):
        raise UserError(
            f"the tables in {root} have labels that the training split does not have: {named(unknown)}; correct them."
        )
    found, place = {}, {label: number for number, label in enumerate(known)}
    for split in SPLIT_NAMES:
        if own := [row for row in rows if row.split == split]:
            ids = [[place[label] for label in row.labels] for row in own]
            labels = indicators(ids, len(known)) if several else [one for (one,) in ids]
            groups = [row.group for row in own]
            found[split] = LabeledFiles([row.file for row in own], labels, known, kind, "labeled by a table", groups)
    return found
