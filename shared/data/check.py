"""What is in a data set and what is wrong with it, found before a training run does.

A project lists its examples; what follows from the list alone is found here: counts, sizes, copies, uneven classes.
"""

import hashlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import track
from shared.data.examples import Data
from shared.data.folders import IMAGES, FileKind, UnreadableFileError, class_folders, list_files, other_files
from shared.data.images import UnreadableImageError, open_image, read_image
from shared.data.problems import Problems, named
from shared.data.split_names import SPLIT_NAMES, split_called
from shared.errors import UserError
from shared.files import require_writable

FEW_EXAMPLES = 10
"""A class with fewer examples in all is learned badly, and its score says little."""
UNEVEN_CLASSES = 5
"""From this ratio of the largest class to the smallest on, accuracy hides how the smallest does."""
_RECORDED_AT_MOST = 50


@dataclass(frozen=True)
class Example:
    """One example of a data set."""

    name: str
    """Its file below the data's folder, or how its text begins."""
    split: str
    """`train`, `validation` or `test`; `whole` where the data is not cut."""
    classes: tuple[str, ...]
    """Its class; of an image with a mask, all that occur in it."""
    digest: str
    """Of the content: examples with the same one are the same to a network."""
    measures: Mapping[str, int]
    """`width` and `height` in pixels, or `words` and `characters`."""


@dataclass
class DataCheck:
    """What a check has found."""

    noun: str
    """What people call the examples: `images`, `texts`, `photos`."""
    class_nouns: tuple[str, str] = ("class", "classes")
    """What they call one class, and several."""
    examples: list[Example] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    """Files and lines that cannot be used."""
    warnings: list[str] = field(default_factory=list)
    """Sentences that say what is wrong and what to do."""
    refusal: str = ""
    """The sentence with which training refuses the data; empty where it does not."""
    record: dict[str, Any] = field(default_factory=dict)
    """Of the data, as every result has it."""
    started: float = field(default_factory=time.perf_counter)
    """When the check began, in seconds of `time.perf_counter`."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of examples in each split."""
        found = Counter(example.split for example in self.examples)
        return {split: found[split] for split in ("whole", *SPLIT_NAMES) if found[split]}


def content_digest(array: np.ndarray) -> str:
    """The digest of an array's shape and values."""
    return hashlib.sha256(f"{array.shape}".encode() + array.tobytes()).hexdigest()


def class_counts(examples: Sequence[Example]) -> dict[str, Counter[str]]:
    """By class, sorted by name, the number of examples in each split."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        for name in example.classes:
            counts[name][example.split] += 1
    return dict(sorted(counts.items()))


def measured(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """The smallest, median and largest value of each measure."""
    values: defaultdict[str, list[int]] = defaultdict(list)
    for example in examples:
        for name, value in example.measures.items():
            values[name].append(value)
    return {name: spread(found) for name, found in values.items()}


def spread(values: Sequence[int]) -> dict[str, int]:
    """The smallest, median and largest of some numbers."""
    return {"smallest": min(values), "median": int(np.median(values)), "largest": max(values)}


@dataclass(frozen=True)
class Copies:
    """Groups of examples with the same content; each is of one kind."""

    contradicting: list[list[Example]] = field(default_factory=list)
    """They have different classes."""
    across: list[list[Example]] = field(default_factory=list)
    """They have one class and lie in different splits."""
    within: list[list[Example]] = field(default_factory=list)
    """They have one class and lie in one split."""

    def as_dict(self) -> dict[str, Any]:
        """How many groups there are of each kind, and their members' names, of the first groups."""
        return {
            kind: {
                "groups": len(groups),
                "named": [[f"{one.split}: {one.name}" for one in group] for group in groups[:_RECORDED_AT_MOST]],
            }
            for kind, groups in vars(self).items()
        }


def find_copies(examples: Sequence[Example]) -> Copies:
    """Group the examples whose digests are equal."""
    by_digest: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_digest[example.digest].append(example)
    copies = Copies()
    for group in by_digest.values():
        if len({example.classes for example in group}) > 1:
            copies.contradicting.append(group)
        elif len({example.split for example in group}) > 1:
            copies.across.append(group)
        elif len(group) > 1:
            copies.within.append(group)
    return copies


def copy_warnings(found: DataCheck) -> list[str]:
    """A sentence about each kind of copies."""
    copies, noun = find_copies(found.examples), found.noun
    warnings = []
    if copies.contradicting:
        warnings.append(
            f"{noun} with a copy under another {found.class_nouns[0]}: {_groups(copies.contradicting)}; "
            "decide which is right and delete the others."
        )
    if copies.across:
        warnings.append(
            f"{noun} with a copy in another split: {_groups(copies.across)}; "
            "delete the copies, or the scores will be better than the truth."
        )
    if copies.within:
        warnings.append(
            f"{noun} with a copy in the same split: {_groups(copies.within)}; "
            "delete the copies, unless they shall count several times."
        )
    return warnings


def _groups(groups: Sequence[Sequence[Example]]) -> str:
    names = [" = ".join(dict.fromkeys(example.name for example in group[:3])) for group in groups]
    return f"{len(groups):,} ({named(names)})"


def class_warnings(found: DataCheck) -> list[str]:
    """Sentences about classes that are small, uneven, or missing in a split."""
    counts, noun = class_counts(found.examples), found.noun
    totals = {name: by_split.total() for name, by_split in counts.items()}
    warnings: list[str] = []
    if not totals:
        return warnings
    few = [f"{name} {total}" for name, total in totals.items() if total < FEW_EXAMPLES]
    if few:
        warnings.append(
            f"classes with fewer than {FEW_EXAMPLES} {noun}: {len(few)} ({named(few)}); add some, or remove the class."
        )
    warnings += [
        f"classes with {noun} in {split} only: {len(names)} ({named(names)}); spread them over the splits."
        for split, names in _in_one_split(found).items()
    ]
    most, least = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
    if totals[most] >= UNEVEN_CLASSES * totals[least]:
        warnings.append(
            f"the largest class ({most}, {totals[most]:,}) has {totals[most] / totals[least]:.1f} times as many {noun} "
            f"as the smallest ({least}, {totals[least]:,}); look at the scores of each class, and try "
            "--training.class_weights sqrt."
        )
    return warnings


def _in_one_split(found: DataCheck) -> dict[str, list[str]]:
    if len(found.counts) < 2:
        return {}
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for name, by_split in class_counts(found.examples).items():
        if len(by_split) == 1:
            classes[next(iter(by_split))].append(name)
    return classes


def problem_warnings(problems: Problems) -> list[str]:
    """A sentence about each kind of files or lines that cannot be used."""
    return [f"{kind}: {len(names)} ({named(names)}); mend or remove them." for kind, names in problems.by_kind.items()]


def samples_by_class(
    examples: Sequence[Example], seed: int, *, classes: int = 12, each: int = 8
) -> dict[str, list[Example]]:
    """Some examples of each class, drawn by the seed; of many classes the largest and the smallest."""
    by_class: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        for name in example.classes:
            by_class[name].append(example)
    names = sorted(by_class, key=lambda name: (-len(by_class[name]), name))
    if len(names) > classes:
        names = names[: classes // 2] + names[-(classes // 2) :]
    source = random.Random(seed)
    return {name: source.sample(by_class[name], min(each, len(by_class[name]))) for name in sorted(names)}


Inspect = Callable[[Path], tuple[str, Mapping[str, int]]]
"""From a file to the digest of its content and its measures; raises `UnreadableFileError`."""


def inspect_image(path: Path) -> tuple[str, Mapping[str, int]]:
    """The digest of an image's pixels, and its size."""
    image = read_image(path)
    return content_digest(np.asarray(image)), size_of(image.size)


def inspect_files(
    files: Mapping[Path, Example], problems: Problems, kind: FileKind = IMAGES, look: Inspect = inspect_image
) -> list[Example]:
    """The examples with the digest and measures of their files; those that cannot be read go into `problems`.

    Args:
        files: by its path, what is known of each file before it is decoded.
    """
    examples = []
    for path, example in track(files.items(), f"look at {kind.nouns}"):
        try:
            digest, measures = look(path)
        except UnreadableFileError as error:
            problems.add(kind.unreadable, f"{example.name} ({error})")
            continue
        examples.append(Example(example.name, example.split, example.classes, digest, measures))
    return examples


def size_of(size: tuple[int, int]) -> dict[str, int]:
    """The measures of an image of so many columns and rows."""
    return {"width": size[0], "height": size[1]}


def size_on_disk(path: Path) -> dict[str, int]:
    """The measures of an image file, from its first bytes; none where it cannot be read."""
    try:
        with open_image(path) as image:
            return size_of(image.size)
    except UnreadableImageError:
        return {}


def survey_folders(
    root: Path, problems: Problems, kind: FileKind = IMAGES, look: Inspect = inspect_image
) -> list[Example]:
    """Every file in folders of classes, whatever else training finds wrong with them.

    Args:
        root: holds class folders, or folders of splits with these; what is empty or unreadable goes into `problems`.
    """
    folders = class_folders(root)
    splits = {folder: split_called(folder.name) for folder in folders}
    if "train" not in splits.values():
        return inspect_files(_labeled(root, "whole", root, problems, kind), problems, kind, look)
    files: dict[Path, Example] = {}
    for folder, split in splits.items():
        if split:
            files |= _labeled(folder, split, root, problems, kind)
    return inspect_files(files, problems, kind, look)


def skipped_files(record: Mapping[str, Any], root: Path, kind: FileKind = IMAGES) -> list[str]:
    """A sentence about files of other kinds in the user's folders of classes, if any: some may have been meant.

    Args:
        record: of the data; what was downloaded or is built in has no folders of the user's.
    """
    if record["source"] not in ("auto", "folder"):
        return []
    others = [path for folder in class_folders(root) for path in other_files(folder, kind)]
    if not others:
        return []
    kinds = Counter(path.suffix.lower() or path.name for path in others)
    listed = ", ".join(f"{suffix} {count}" for suffix, count in kinds.most_common(5))
    return [
        f"{len(others)} files of other kinds are not read ({listed}); if {kind.nouns} are among them, save them as "
        f"{kind.suffixes[0]}."
    ]


def _labeled(folder: Path, split: str, root: Path, problems: Problems, kind: FileKind) -> dict[Path, Example]:
    files = {}
    for class_folder in class_folders(folder):
        found = list_files(class_folder, kind)
        if not found:
            problems.add(f"class folders without {kind.nouns}", str(class_folder.relative_to(root)))
        for path in found:
            name = path.relative_to(root).as_posix()
            files[path] = Example(name, split, (class_folder.name,), "", {})
    return files


def start_check(
    config: Any,
    noun: str,
    load_data: Callable[[Any], Data],
    survey: Callable[[Path, Problems], list[Example]] = survey_folders,
) -> tuple[DataCheck, Data | None]:
    """Read the data as training would; where training refuses it, list the files instead.

    Args:
        survey: from the data's folder to all examples in it, whatever is wrong with them; problems are noted.
    """
    require_writable(config.output_dir)
    check = DataCheck(noun, record=refused_record(config.data.source))
    try:
        data = load_data(config)
    except UserError as error:
        check.refusal = str(error)
        check.examples = survey(config.data.root, check.problems)
        return check, None
    check.record, check.problems = data.as_dict(), data.problems
    return check, data


def list_examples(data: Data, column: str, measure: Callable[[str, Any], Mapping[str, int]]) -> list[Example]:
    """Every example of a classifier's data as training sees it.

    Args:
        column: what the network is given.
        measure: from an example's name and content to its measures.
    """
    return [
        Example(name, split, (data.classes[label],), content_digest(np.asarray(content)), measure(name, content))
        for split, held in vars(data.splits).items()
        for name, content, label in zip(held.names, held[column], held["labels"], strict=True)
    ]


def contents_by_name(data: Data, column: str) -> dict[str, np.ndarray]:
    """What the network is given, by the example's name."""
    return {
        name: np.asarray(content)
        for held in vars(data.splits).values()
        for name, content in zip(held.names, held[column], strict=True)
    }


def refused_record(source: str) -> dict[str, Any]:
    """The record of data that training refuses, in place of `DataRecord.as_dict`."""
    return {"source": source, "description": "refused data", "license": "unknown", "substituted": ""}
