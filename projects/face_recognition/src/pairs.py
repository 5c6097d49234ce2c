"""Pairs of photos to verify: drawn from people, or read from a pairs.txt in the format of Labeled Faces in the Wild."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.errors import UserError
from shared.metrics.verification import pairs_of


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos by their indices."""

    members: np.ndarray
    """int64 [P, 2]."""
    same: np.ndarray
    """bool [P]: whether both show the same person."""
    folds: np.ndarray
    """int64 [P], from 1; all 1 where the pairs come without folds."""

    def __len__(self) -> int:
        return len(self.same)

    def at(self, chosen: np.ndarray) -> "Pairs":
        """The pairs that a mask, bool [P], chooses."""
        return Pairs(self.members[chosen], self.same[chosen], self.folds[chosen])

    def of_fold(self, fold: int) -> "Pairs":
        """The pairs of the fold of that number, or of the last one for 0; a UserError where there is no such fold."""
        last = int(self.folds.max())
        if fold > last:
            raise UserError(f"data.test_fold is {fold}, but pairs.txt has {last} folds only; choose one of them.")
        return self.at(self.folds == (fold or last))

    def similarities(self, embeddings: np.ndarray) -> np.ndarray:
        """How similar each pair is, float64 [P], by embeddings [N, D]; NaN where one of the two has none."""
        return similarity(*embeddings[self.members.T])


def similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """1 - d² / 2, where d is the distance of two embeddings; along the last axis, float64.

    Of embeddings of length one this is the cosine. dlib's are of other lengths and meant to be compared by distance:
    its limit of 0.6 for the same person is a similarity of 0.82.
    """
    difference = np.asarray(first, np.float64) - second
    return 1 - (difference**2).sum(-1) / 2


def draw_pairs(labels: np.ndarray, indices: Sequence[int] | np.ndarray, most: int, seed: int) -> Pairs:
    """Pairs among the photos at `indices` (see `shared.metrics.verification.pairs_of`)."""
    members, same = pairs_of(labels[indices], most, seed)
    if not same.any() or same.all():
        raise UserError(
            f"{len(set(labels[indices]))} people with {len(indices)} photos give no pairs to measure with: each split "
            "needs two people, one of them with two photos; add people with two photos or more, or raise "
            "--data.validation_fraction and --data.test_fraction."
        )
    return Pairs(np.asarray(indices)[members], same, np.ones(len(same), np.int64))


def read_pairs(path: Path, names: Sequence[str]) -> Pairs:
    """Read a pairs.txt: the numbers of folds and of pairs of each kind, then the pairs, fold by fold.

    A line of three words names a person and two photos, one of four words two persons and a photo of each
    (http://vis-www.cs.umass.edu/lfw/README.txt). A line in another form, or a photo that is not among `names`, as
    `person/person_0001.jpg`, is a UserError.
    """
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        folds, each = ([1, *map(int, header.split())])[-2:]
        rows = [_photos_of(line.split()) for line in lines if line.strip()]
    except (ValueError, IndexError) as error:
        raise UserError(f"{path} is no list of pairs in the format of LFW ({error}); see the README.") from error
    if len(rows) != 2 * folds * each:
        raise UserError(f"{path} says {folds} folds of {each} + {each} pairs, but holds {len(rows)}; complete it.")
    places = {name: place for place, name in enumerate(names)}
    missing = sorted({name for pair, _ in rows for name in pair if name not in places})
    if missing:
        raise UserError(
            f"{path} names {missing[0]} and {len(missing) - 1} more photos that are not there or cannot be read; "
            "replace them."
        )
    members = np.array([[places[name] for name in pair] for pair, _ in rows], np.int64)
    return Pairs(members, np.array([same for _, same in rows], bool), np.arange(len(rows)) // (2 * each) + 1)


def _photos_of(words: list[str]) -> tuple[list[str], bool]:
    """The two photos that a line names, and whether they are of the same person."""
    if len(words) not in (3, 4):
        raise ValueError(f"a line of {len(words)} words")
    first, second = words[:2], [words[-2] if len(words) == 4 else words[0], words[-1]]
    return [f"{person}/{person}_{int(number):04d}.jpg" for person, number in (first, second)], len(words) == 3
