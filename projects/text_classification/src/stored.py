"""Texts and their tokens, one after the other in one array; where they are too many for the memory, it is on the disk.

What is read of a table, and what is tokenized, lies in a folder each below `data.processed`, memory-mapped.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock

from shared.console import log, shown, track
from shared.data.labels import normalized
from shared.data.problems import Problems
from shared.files import atomic_write, read_json, require_room, write_json

BLOCK = 8192
"""Rows that are written, and texts that are tokenized, at a time."""

Row = tuple[str, str, int, str]
"""Of a table: the text, the name of its class, its line, and its group (see data.group_column), which may be empty."""
Block = tuple[np.ndarray, np.ndarray]
"""The values of M pieces one after the other; and of each piece its length, one more number, and perhaps others, int64
[M, 2 or more]."""


@dataclass(frozen=True, eq=False)
class Pieces(Sequence[Any]):
    """N pieces of different lengths, out of arrays that may be memory-mapped; copied only when they are indexed."""

    arrays: Sequence[np.ndarray]
    places: np.ndarray
    """Of each piece the number of its array, its start and length in it, and one more number, int64 [N, 4]."""
    folder: Path | None = None
    """Where they are stored, and what is computed from them can be kept; None where they are in memory."""
    identity: str = ""
    """Of stored ones: equal for arrays of the same content."""

    @classmethod
    def out_of(cls, blocks: Sequence[Block], folder: Path | None = None, identity: str = "") -> Self:
        """The pieces of all blocks, one after the other."""
        places = [
            np.column_stack([np.full(len(rows), number), np.cumsum(rows[:, 0]) - rows[:, 0], rows[:, :2]])
            for number, (_, rows) in enumerate(blocks)
        ]
        return cls([values for values, _ in blocks], np.concatenate(places), folder, identity)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        array, start, length, _ = self.places[place].tolist()
        return self.arrays[array][start : start + length]

    @property
    def lengths(self) -> np.ndarray:
        """Of each piece, int64 [N]."""
        return self.places[:, 2]

    @property
    def digest(self) -> str:
        """Of stored pieces: equal for the same ones in the same order, without reading them."""
        return hashlib.sha256(self.identity.encode() + self.places.tobytes()).hexdigest()

    def at(self, indices: Sequence[int] | np.ndarray) -> Self:
        """The pieces at these indices."""
        return replace(self, places=self.places[np.asarray(indices, np.int64)])

    def joined(self, others: Sequence[Self]) -> Self:
        """These pieces, and then those of others."""
        every = [self, *others]
        firsts = np.cumsum([0, *(len(one.arrays) for one in every)])
        places = [one.places + [first, 0, 0, 0] for one, first in zip(every, firsts, strict=False)]
        arrays, identity = [array for one in every for array in one.arrays], "".join(one.identity for one in every)
        return replace(self, arrays=arrays, places=np.concatenate(places), identity=identity)


class TokenRows(Pieces):
    """The token ids of N texts, each int32 [its length]."""

    @property
    def cuts(self) -> np.ndarray:
        """Whether each text goes on after its tokens, bool [N]."""
        return self.places[:, 3].astype(bool)


class Texts(Pieces):
    """N texts, stored as UTF-8; used as a list of str is."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Texts in memory."""
        return cls.out_of([_encoded([*texts])])

    def __getitem__(self, place: Any) -> Any:
        piece = super().__getitem__(place)
        return piece if isinstance(place, slice) else piece.tobytes().decode()

    @property
    def keys(self) -> np.ndarray:
        """Of each text, 64 bits of the BLAKE2 of its normalized form, int64 [N]: copies of a text have the same.

        Of a million different texts, two have the same key with a probability of 3 in 100 million.
        """
        return self.places[:, 3]


def _encoded(texts: Sequence[str]) -> Block:
    """The bytes of texts; and the length and the key of each (see `Texts.keys`)."""
    content = [text.encode() for text in texts]
    hashes = (hashlib.blake2b(normalized(text).encode(), digest_size=8).digest() for text in texts)
    numbers = [np.array([*map(len, content)], np.int64), np.frombuffer(b"".join(hashes), np.int64)]
    return np.frombuffer(b"".join(content), np.uint8), np.stack(numbers, 1)


def _stored(folder: Path, identity: str, blocks: Callable[[int], Iterable[Block]]) -> list[Block]:
    """All blocks, their values memory-mapped, from `folder`, which is filled where it holds others.

    An interrupted filling goes on where it was.

    Args:
        identity: equal for the same blocks.
        blocks: gives those that come after that number of rows.
    """
    mark = folder / "blocks.json"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # of several processes one does it
        if not (mark.is_file() and read_json(mark, f"delete {folder}") == identity):
            for path in (mark, *folder.iterdir()):  # removed and not emptied, for those that have them mapped
                path.unlink(missing_ok=True)
            write_json(mark, identity)
        done = [len(np.load(path, mmap_mode="r")) for path in folder.glob("*-rows.npy")]
        for number, block in enumerate(blocks(sum(done)), len(done)):
            for name, array in zip(("values", "rows"), block, strict=True):  # last what says that the block is whole
                with atomic_write(folder / f"{number:06}-{name}.npy") as file:
                    np.save(file, array)
    values, rows = (sorted(folder.glob(f"*-{name}.npy")) for name in ("values", "rows"))
    both = zip(values, rows, strict=True)
    return [(np.asarray(np.load(content, mmap_mode="r")), np.load(numbers)) for content, numbers in both]


def stored_rows(
    path: Path, processed: Path, reading: Sequence[str], rows: Callable[[Problems], Iterator[Row]], problems: Problems
) -> tuple[Texts, list[str], list[int], list[str]]:
    """The texts, classes, lines and groups of a table, from a folder in `processed`.

    Args:
        reading: what else decides the rows, such as the names of the columns.
        rows: reads the table, and notes rows that are left out.
        problems: those that are left out are added.
    """
    place = hashlib.sha256(repr((os.path.relpath(path, processed), reading)).encode()).hexdigest()[:12]
    folder, stat = processed / f"texts-{place}", path.stat()
    notes, identity = folder / "notes.json", f"{place} {stat.st_size} {stat.st_mtime_ns}"
    labels: dict[str, int] = {}  # by name, in the order in which they appear
    groups: dict[str, int] = {}

    def blocks(done: int) -> Iterator[Block]:
        if notes.is_file():
            return
        require_room(processed, 2 * stat.st_size, "use --data.cache memory")
        log.info(f"data: {path.name} is read once into {shown(folder)} (data.cache)")
        found = Problems()
        numbered = (
            (text, line, labels.setdefault(label, len(labels)), groups.setdefault(group, len(groups)))
            for text, label, line, group in track(rows(found), f"read {path.name}")
        )
        deque(islice(numbered, done), 0)  # stored already, but labels and groups are numbered by all rows
        while block := [*zip(*islice(numbered, BLOCK), strict=True)]:
            content, numbers = _encoded(block[0])
            yield content, np.column_stack([numbers, *block[1:]])
        noted = {"labels": [*labels], "groups": [*groups], "problems": found.by_kind, "remedies": found.remedies}
        write_json(notes, noted)

    found = _stored(folder, identity, blocks)
    noted = read_json(notes, f"delete {folder}")
    for kind, names in noted["problems"].items():
        problems.by_kind[kind] += names
        problems.remedies[kind] = noted["remedies"][kind]
    _, _, lines, label_numbers, group_numbers = np.concatenate([numbers for _, numbers in found]).T.tolist()
    return (
        Texts.out_of(found, folder, identity),
        [noted["labels"][number] for number in label_numbers],
        lines,
        [noted["groups"][number] for number in group_numbers],
    )


def stored_tokens(texts: Texts, encode: Callable[[Sequence[str]], Block], tokenizer: str, folder: Path) -> TokenRows:
    """The tokens of all texts, from `folder`; `encode` gives ids and numbers of some (see `Tokens.flat`).

    Args:
        tokenizer: the digest of what makes ids of texts.
    """

    def blocks(done: int) -> Iterator[Block]:
        for start in track(range(done, len(texts), BLOCK), f"tokenize, {BLOCK:,} texts at a time"):
            ids, numbers = encode(texts[start : start + BLOCK])
            if start == done:
                require_room(folder, (ids.nbytes // len(numbers) + 16) * (len(texts) - done), "use --data.cache memory")
            yield ids, numbers

    return TokenRows.out_of(_stored(folder, f"{texts.digest} {tokenizer}", blocks))
