"""Labels as numbers and names; names that people take for one class, and names that say that there is no class."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from shared.data.problems import named

MISSING = {"nan", "none", "null", "nil", "na", "n/a", "#n/a", "<na>", "nat", "-", "--", "?"}
"""What spreadsheets and programs write where a value is missing, in lower case; `none` may also be a class."""


def indicators(labels: Sequence[Sequence[int]] | np.ndarray, classes: int) -> np.ndarray:
    """Several labels an example, float32 [N, classes]: 1 for each class id that an example has, 0 for the others."""
    found = np.zeros((len(labels), classes), np.float32)
    for row, own in zip(found, labels, strict=True):
        row[[*own]] = 1
    return found


def has_label(labels: np.ndarray, label: int) -> np.ndarray:
    """Whether each example has that class id, bool [N]; `labels` are int [N], or float [N, classes] (see above)."""
    found: np.ndarray = labels == label if labels.ndim == 1 else labels[:, label] > 0
    return found


def label_counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """The number of examples with each class id, int64 [classes]."""
    if labels.ndim == 1:
        return np.bincount(labels, minlength=classes)
    counts: np.ndarray = labels.sum(0, np.float64).astype(np.int64)
    return counts


def label_names(labels: np.ndarray, classes: Sequence[str]) -> list[tuple[str, ...]]:
    """The names of each example's label or labels."""
    if labels.ndim == 1:
        return [(classes[label],) for label in labels.tolist()]
    return [tuple(classes[label] for label in np.flatnonzero(row).tolist()) for row in labels]


def normalized(text: str) -> str:
    """The text in lower case with single blanks: equal for texts that differ in nothing else."""
    return " ".join(text.casefold().split())


def label_key(name: str) -> str:
    """Equal for names that differ in capitals, blanks, invisible characters, composed letters or 1 and 1.0 alone."""
    key = normalized(_seen(name))
    return f"{float(key):.15g}" if re.fullmatch(r"[+-]?\d{1,15}(\.\d*)?", key) else key


def _seen(name: str) -> str:
    """The name with composed letters and without invisible characters: equal for names that look the same."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")


def same_labels(names: Iterable[str]) -> list[list[str]]:
    """Groups of two or more different names with the same `label_key`, each with the most frequent name first."""
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        groups[label_key(name)][name] += 1
    return [[name for name, _ in group.most_common()] for group in groups.values() if len(group) > 1]


def label_warnings(counts: Mapping[str, int], remedies: tuple[str, str]) -> list[str]:
    """Sentences about classes that may be one, and about names that may say that the class is missing.

    Args:
        counts: the number of examples by class.
        remedies: what to do about either, as the ends of sentences.
    """
    same = [" = ".join(sorted(_told_apart(group))) for group in same_labels(Counter(counts).elements())]
    missing = [f"{name} {count}" for name, count in counts.items() if label_key(name) in MISSING]
    found = {
        "classes whose names differ in capitals, blanks, the form of letters or of numbers alone": same,
        "names of classes that often mean that the class is missing": missing,
    }
    both = zip(found.items(), remedies, strict=True)
    return [f"{what}: {len(names)} ({named(names)}); {remedy}." for (what, names), remedy in both if names]


def _told_apart(names: list[str]) -> list[str]:
    """The names as they are; with escapes where two of them look the same."""
    return names if len(set(map(_seen, names))) == len(names) else [ascii(name) for name in names]
