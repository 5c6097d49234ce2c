"""The user's own texts with their classes, from tables or from class folders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np

from shared.console import log
from shared.data.class_folders import find_splits
from shared.data.examples import Examples, SourceData, joined
from shared.data.folders import has_class_files, splits_among, warn_beside_splits
from shared.data.groups import find_groups
from shared.data.index import tables_in
from shared.data.labels import MISSING, label_key, same_labels
from shared.data.problems import Problems, named
from shared.errors import UserError
from src.config import DataConfig
from src.stored import Texts, stored_rows
from src.tables import TEXTS, read_text, usable_rows

LARGE = 32_000_000  # bytes from which on a table is kept in data.processed: below, reading it takes seconds


def has_text_folders(root: Path) -> bool:
    """Whether `root` holds class folders of texts, and no table beside index.csv, which says more of each file."""
    return all(path.name == "index.csv" for path in tables_in(root)) and has_class_files(root, TEXTS)


def load_texts(settings: DataConfig, root: Path, classes: list[str] | None = None) -> SourceData:
    """Your own texts: tables, or one folder per class; a warning says what is left out.

    Args:
        classes: those of a trained network, for which all texts are one split, `train`, whatever the files' names.

    Raises:
        UserError: a file is missing or cannot be read, or its classes cannot be learned (see `check_labels`).
    """
    problems, folders = Problems(), has_text_folders(root)
    if folders:
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
    check_labels(root, splits, classes)
    kind = "texts, one folder per class" if folders else f"tables in {root.name}"
    found = as_source(splits, f"the user's own {kind}", "that of your texts", classes)
    return replace(found, problems=problems)


def as_source(
    splits: Mapping[str, Examples], description: str, license_: str, classes: list[str] | None = None
) -> SourceData:
    """The splits with class ids, int64 [N], in place of class names; an example without a group forms its own."""
    classes = classes or sorted(set(splits["train"]["labels"]))
    index = {name: number for number, name in enumerate(classes)}
    held = {}
    for name, rows in splits.items():
        columns = {"texts": rows["texts"], "labels": np.array([index[label] for label in rows["labels"]], np.int64)}
        grouped = any(rows.groups)
        groups = [group or own for group, own in zip(rows.groups, rows.names, strict=True)] if grouped else []
        held[name] = Examples(columns, rows.names, groups, rows["labels"] if grouped else [])
    return SourceData(classes, held["train"], held.get("validation"), held.get("test"), description, license_)


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
    warn_beside_splits(others)
    return splits


def read_folders(
    root: Path, settings: DataConfig, problems: Problems, classes: Sequence[str] | None = None
) -> dict[str, Examples]:
    """The texts in `root/<class>/*.txt`, or in `train/<class>/` and so on; files that cannot be used are problems.

    Raises:
        UserError: no class folder or no text of some split can be used.
    """
    splits: dict[str, Examples] = {}
    for split, found in find_splits(root, TEXTS, classes).items():
        rows = []
        for path, label in zip(found.files, found.labels, strict=True):
            (text, error), name = read_text(path), path.relative_to(root).as_posix()
            if text:
                rows.append((text, found.classes[label], name))
            elif error:
                problems.add(f"files that are {error}", name, "save them as UTF-8")
            else:
                problems.add("files without a text", name)
        if not rows:
            raise UserError(f"{root} has no text of the {split} split that can be used; {problems}.")
        texts, labels, names = map(list, zip(*rows, strict=True))
        groups = [""] * len(names) if classes else find_groups(root, names, settings.group_pattern, TEXTS.nouns)
        splits[split] = Examples({"texts": Texts.of(texts), "labels": labels}, names, groups)
    return splits


def clean_labels(
    splits: Mapping[str, Examples], problems: Problems, classes: Collection[str] = ()
) -> dict[str, Examples]:
    """The examples with one name for classes that are one (see `label_key`), without those whose class is missing.

    The name in `classes` stays, else the most frequent one of the training split; the others go into `problems`.
    """
    names = [label for split in ("train", *splits) for label in splits[split]["labels"]]  # train twice: it decides
    known = {label_key(name): name for name in classes}
    same = same_labels([*names, *known.values()])
    merged = {name: known.get(label_key(name), group[0]) for group in same for name in group}
    if changed := [f"{name} -> {first}" for name, first in merged.items() if name != first]:
        log.warning(f"data.clean_labels: {len(changed)} names of classes are merged ({named(changed)}).")
    missing = {name for name in set(names) if label_key(name) in MISSING}
    cleaned: dict[str, Examples] = {}
    for split, rows in splits.items():
        lost = [label in missing for label in rows["labels"]]
        for name in compress(rows.names, lost):
            problems.add("rows whose class says that it is missing", name)
        kept = cleaned[split] = rows.at(np.flatnonzero(~np.array(lost)))
        kept.columns["labels"] = [merged.get(label, label) for label in kept["labels"]]
    return cleaned


def check_labels(root: Path, splits: Mapping[str, Examples], classes: Sequence[str] | None = None) -> None:
    """Refuse classes that cannot be learned, or that are none of those of a trained network.

    Raises:
        UserError: there is only one class, nearly every text has its own class, or a split has a class that is not
            among `classes`, or without these in the training split.
    """
    labels = splits["train"]["labels"]
    learned = set(classes or labels)
    if len(learned) < 2:
        raise UserError(f"there is one class only ({labels[0][:40]!r}); a classifier needs two or more.")
    if len(learned) > max(20, len(labels) // 2) and not classes:
        raise UserError(
            f"{len(labels)} texts have {len(learned)} different classes; is data.label_column the right column?"
        )
    for split, rows in splits.items():
        unknown = [label for label in rows["labels"] if label not in learned]
        if unknown:
            spelled = set(map(label_key, unknown)) <= set(map(label_key, learned))
            clean = "set data.clean_labels true, which takes other spellings of a class for it"
            raise UserError(
                f"{root if classes else f'the {split} split'} has {len(unknown)} texts of classes that the training "
                f"split lacks ({named(sorted(set(unknown)))}); "
                f"{clean if spelled else 'add training texts of them, or remove them'}."
            )


def read_table(path: Path, settings: DataConfig, problems: Problems) -> Examples:
    """The rows of a table; those without a text or class go into `problems`. Large ones are stored (see `data.cache`).

    Raises:
        UserError: the file is empty, neither UTF-8 nor UTF-16, no table, or lacks a column.
    """
    columns = [settings.text_column, settings.label_column] + [settings.group_column] * bool(settings.group_column)
    usable = partial(usable_rows, path, columns)
    if settings.cache == "disk" or (settings.cache == "auto" and path.stat().st_size > LARGE):
        texts, labels, lines, groups = stored_rows(path, settings.processed, columns, usable, problems)
    else:
        found, labels, lines, groups = map(list, zip(*usable(problems), strict=True))
        texts = Texts.of(found)
    return Examples({"texts": texts, "labels": labels}, [f"{path.name} line {line}" for line in lines], groups)
