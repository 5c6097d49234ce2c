"""Which examples belong together in one split: copies of one image, clips of one speaker, tiles of one slide."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.console import log
from shared.data.folders import split_called
from shared.data.index import read_index
from shared.data.labels import label_names
from shared.data.problems import named
from shared.errors import UserError

if TYPE_CHECKING:  # it loads PyTorch, which a server need not wait for
    from shared.data.examples import Examples


def find_groups(root: Path, names: list[str], pattern: str, nouns: str = "images") -> list[str]:
    """The group of each file: by the pattern, else by `root/index.csv`; empty strings where neither says it.

    Raises:
        UserError: the table lacks a column, or the pattern fits no file.
    """
    index = root / "index.csv"
    if index.is_file() and not pattern:
        of_file = {row["id"]: row["group"] for row in read_index(index, ("id", "group"))}
        unnamed = [name for name in names if name not in of_file]
        if len(unnamed) == len(names):
            raise UserError(f"{index} names none of the {nouns}, such as {names[0]}: id is the path below {root}.")
        if unnamed:
            log.warning(f"{len(unnamed)} of {len(names)} {nouns} are not in {index}: {named(unnamed)}.")
        return [of_file.get(name, "") for name in names]
    if not pattern:
        return [""] * len(names)
    if not any(re.search(pattern, Path(name).name) for name in names):
        raise UserError(f"data.group_pattern {pattern!r} fits no file name, such as {Path(names[0]).name}; correct it.")
    return [_group(pattern, name) for name in names]


def _group(pattern: str, name: str) -> str:
    match = re.search(pattern, Path(name).name)
    return match[1] or "" if match else ""


def in_groups(examples: "Examples", classes: list[str], root: Path, pattern: str) -> "Examples":
    """The examples with their groups, or those that `find_groups` finds; a file without one is a group by itself.

    The classes become their strata, so that every split has its share of each class, as far as whole groups allow it.
    """
    groups = examples.groups if examples.groups and not pattern else find_groups(root, examples.names, pattern)
    if not any(groups):
        return examples
    strata = ["|".join(names) for names in label_names(np.asarray(examples["labels"]), classes)]
    whole = [group or name for group, name in zip(groups, examples.names, strict=True)]
    log.info(f"data: {len(examples)} examples in {len(set(whole))} groups, each of which stays in one split")
    return replace(examples, groups=whole, strata=strata)


PATTERNS = (r"^(.+?)[._ -]", r"^(.+)[._ -]", r"^(\D*\d+)", r"^(\D+)")
"""Up to the first sign between words, up to the last, up to the end of the first number, before it."""
LEAST_GROUPS = 10  # fewer would leave splits too uneven


INDEX = "write index.csv with the columns id (a file below data.root) and group, the same for copies, or delete them"


def grouping_advice(
    names: Sequence[str], pairs: Sequence[tuple[str, str]], otherwise: str = INDEX, own_splits: bool = False
) -> str:
    """How to keep pairs of examples, given by their names, in one split; a pattern of their names where one does it.

    Args:
        names: of all examples, which the pattern shall leave in several groups.
        otherwise: what to do where no pattern does it.
        own_splits: the user has cut the splits, which groups do not change; the folders in the names say it too.
    """
    folders = [[split_called(Path(name).parts[0]) for name in pair] for pair in pairs]
    if own_splits or any(first != second for first, second in folders):
        return "move the copies into one split, or delete them"
    for pattern in PATTERNS:
        groups = [[_group(pattern, name) for name in pair] for pair in pairs]
        together = all(first == second != "" for first, second in groups)
        if together and len({_group(pattern, name) for name in names}) >= LEAST_GROUPS:
            return f"--data.group_pattern '{pattern}' keeps them together"
    return otherwise
