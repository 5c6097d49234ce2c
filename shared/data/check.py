"""What is in a data set and what is wrong with it: all that follows from a list of its examples."""

import hashlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import track
from shared.data.examples import Data, digests_of
from shared.data.folders import (
    IMAGES,
    SPLIT_NAMES,
    FileKind,
    UnreadableFileError,
    class_folders,
    list_files,
    split_called,
)
from shared.data.images import UnreadableImageError, open_image, read_image, size_of
from shared.data.index import tables_in
from shared.data.labels import label_names, label_warnings
from shared.data.problems import Problems, named
from shared.data.rows import Rows
from shared.errors import UserError
from shared.files import require_writable

FEW_EXAMPLES = 10
"""A class with fewer examples in all is learned badly, and its score says little."""
UNEVEN_CLASSES = 5
"""From this ratio of the largest class to the smallest on, accuracy hides how the smallest does."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a data set."""

    name: str
    """Its file below the data's folder, or how its text begins."""
    split: str
    """`train`, `validation` or `test`; `whole` where the data is not cut."""
    classes: tuple[str, ...]
    """Its class; of an image with a mask, all that occur in it."""
    digest: str = ""
    """Of the content: examples with the same one are the same to a network."""
    measures: Mapping[str, int] = field(default_factory=dict)
    """`width` and `height` in pixels, or `words` and `characters`."""


@dataclass
class DataCheck:
    """What a check has found."""

    noun: str
    """What people call the examples: `images`, `texts`, `photos`."""
    class_nouns: tuple[str, str] = ("class", "classes")
    """What they call one class, and several."""
    label_remedies: tuple[str, str] = ("give them one name if they are one", "mend or remove them if so")
    """What to do about classes that are one, and about names that say that the class is missing."""
    examples: list[Example] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    """Files and lines that cannot be used."""
    unusual: Problems = field(default_factory=Problems)
    """Files that are read in a way that their owner may not expect."""
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
    names = dict.fromkeys(name for example in examples for name in example.measures)
    return {name: spread([one.measures[name] for one in examples if name in one.measures]) for name in names}


def spread(values: Sequence[int]) -> dict[str, int]:
    """The smallest, median and largest of some numbers."""
    return {"smallest": min(values), "median": int(np.median(values)), "largest": max(values)}


def find_copies(examples: Sequence[Example]) -> dict[str, list[list[Example]]]:
    """Groups of examples with the same content: `contradicting` in class, else `across` splits or `within` one."""
    by_digest: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_digest[example.digest].append(example)
    copies: dict[str, list[list[Example]]] = {"contradicting": [], "across": [], "within": []}
    for group in by_digest.values():
        if len({example.classes for example in group}) > 1:
            copies["contradicting"].append(group)
        elif len({example.split for example in group}) > 1:
            copies["across"].append(group)
        elif len(group) > 1:
            copies["within"].append(group)
    return copies


def copy_warnings(found: DataCheck) -> list[str]:
    """A sentence about each kind of copies."""
    advice = {
        "contradicting": (f"under another {found.class_nouns[0]}", "decide which is right and delete the others"),
        "across": ("in another split", "delete the copies, or the scores will be too high"),
        "within": ("in the same split", "delete the copies, unless they are meant to count several times"),
    }
    warnings = []
    for kind, groups in find_copies(found.examples).items():
        if groups:
            where, remedy = advice[kind]
            names = [" = ".join(dict.fromkeys(example.name for example in group[:3])) for group in groups]
            warnings.append(f"{found.noun} with a copy {where}: {len(groups):,} ({named(names)}); {remedy}.")
    return warnings


def class_warnings(found: DataCheck) -> list[str]:
    """Sentences about classes that are small, uneven, or missing in a split."""
    counts, noun = class_counts(found.examples), found.noun
    totals = {name: by_split.total() for name, by_split in counts.items()}
    if not totals:
        return []
    warnings = label_warnings(totals, found.label_remedies)
    few = [f"{name} {total}" for name, total in totals.items() if total < FEW_EXAMPLES]
    if few:
        warnings.append(
            f"classes with fewer than {FEW_EXAMPLES} {noun}: {len(few)} ({named(few)}); add some, or remove the class."
        )
    for split in found.counts if len(found.counts) > 1 else ():
        names = [name for name, by_split in counts.items() if list(by_split) == [split]]
        if names:
            warnings.append(
                f"classes with {noun} in {split} only: {len(names)} ({named(names)}); spread them over the splits."
            )
    most, least = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
    if totals[most] >= UNEVEN_CLASSES * totals[least]:
        warnings.append(
            f"the largest class ({most}, {totals[most]:,}) has {totals[most] / totals[least]:.1f} times as many {noun} "
            f"as the smallest ({least}, {totals[least]:,}); look at the scores of each class, and try "
            "--training.class_weights sqrt."
        )
    return warnings


def all_warnings(found: DataCheck) -> list[str]:
    """What every check says: files that cannot be used or are unusual, copies, small and uneven classes."""
    unusual = [f"used, but unusual: {sentence}" for sentence in found.unusual.sentences()]
    return [*found.problems.sentences(), *unusual, *copy_warnings(found), *class_warnings(found)]


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
    """The digest of an image's pixels (see `read_image`), and its width and height."""
    image = read_image(path)
    return content_digest(np.asarray(image)), size_of(image.size)


def inspect_files(
    files: Mapping[Path, Example], problems: Problems, kind: FileKind = IMAGES, look: Inspect = inspect_image
) -> list[Example]:
    """The examples by file with its digest and measures; files that cannot be read go into `problems`."""
    examples = []
    for path, example in track(files.items(), f"look at {kind.nouns}"):
        try:
            digest, measures = look(path)
        except UnreadableFileError as error:
            problems.add(f"unreadable {kind.nouns}", f"{example.name} ({error})")
        else:
            examples.append(replace(example, digest=digest, measures=measures))
    return examples


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
    """Every readable file in the class folders of `root` or of its splits; what is wrong goes into `problems`.

    Beside a table of labels, which training refuses, the files have no class.
    """
    splits = {folder: split for folder in class_folders(root) if (split := split_called(folder.name))}
    files: dict[Path, Example] = {}
    for folder, split in splits.items() if "train" in splits.values() else [(root, "whole")]:
        labeled: dict[Path, tuple[str, ...]] = {place: (place.name,) for place in class_folders(folder)}
        if len(labeled) < 2 and tables_in(root):
            labeled = {folder: ()}  # the labels are in a table, and a folder that holds all its files is no class
        for place, classes in labeled.items():
            found = list_files(place, kind)
            if classes and not found:
                problems.add(f"class folders without {kind.nouns}", str(place.relative_to(root)))
            for path in found:
                files[path] = Example(path.relative_to(root).as_posix(), split, classes)
    return inspect_files(files, problems, kind, look)


def start_check(
    config: Any,
    noun: str,
    load_data: Callable[[Any], Data],
    survey: Callable[[Path, Problems], list[Example]] = survey_folders,
) -> tuple[DataCheck, Data | None]:
    """Read the data as training would; where training refuses it, `survey` lists what lies in its folder."""
    require_writable(config.output_dir)
    refused = {"source": config.data.source, "description": "refused data", "license": "unknown", "substituted": ""}
    check = DataCheck(noun, record=refused)
    try:
        data = load_data(config)
    except UserError as error:
        check.refusal = str(error)
        check.examples = survey(config.data.root, check.problems)
        return check, None
    check.record, check.problems, check.unusual = data.as_dict(), data.problems, data.unusual
    return check, data


def list_examples(data: Data, column: str, measure: Callable[[str], Mapping[str, int]]) -> list[Example]:
    """Every example as training sees it; its content is in `column`, and `measure` takes its name."""
    examples = []
    for split, held in vars(data.splits).items():
        known = held[column].measures if isinstance(held[column], Rows) else [{}] * len(held)
        labels = label_names(np.asarray(held["labels"]), data.classes)
        for name, digest, own, measures in zip(held.names, digests_of(held[column]), labels, known, strict=True):
            examples.append(Example(name, split, own, digest.hex(), measures or measure(name)))
    return examples


def contents_by_name(data: Data, column: str) -> Callable[[str], np.ndarray]:
    """A function from an example's name to its content, in any split."""
    places = {
        name: (held[column], place) for held in vars(data.splits).values() for place, name in enumerate(held.names)
    }

    def content(name: str) -> np.ndarray:
        values, place = places[name]
        return np.asarray(values[place])

    return content
