"""Texts too many for the memory: read once into Arrow's format, tokenized once, and memory-mapped from then on."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock

from shared.console import log, shown, track
from shared.data.labels import normalized
from shared.data.problems import Problems
from shared.errors import UserError
from shared.files import atomic_write, read_json, write_json

BLOCK = 8192
"""Rows that are written, and texts that are tokenized, at a time."""


def keys_of(texts: Sequence[str]) -> np.ndarray:
    """Of each text, 64 bits of the BLAKE2 of its normalized form, int64 [N]; stored texts know theirs.

    Of a million different texts, two have the same key with a probability of 3 in 100 million.
    """
    return texts.keys if isinstance(texts, StoredTexts) else np.array([*map(_key, texts)], np.int64)


def _key(text: str) -> int:
    digest = hashlib.blake2b(normalized(text).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


class Row(NamedTuple):
    """A text with its class, as a table has it."""

    text: str
    label: str
    """The name of the class."""
    name: str
    """Its file and line."""
    group: str = ""
    """What it belongs to, such as its author (see data.group_column)."""


class Rows(Sequence[Row]):
    """Rows by column."""

    def __init__(self, texts: Sequence[str], labels: list[str], names: list[str], groups: list[str]) -> None:
        self.texts, self.labels, self.names, self.groups = texts, labels, names, groups

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Rows":
        """The columns of rows."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        return cls(*columns) if columns else cls([], [], [], [])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: Any) -> Any:
        return Row(self.texts[place], self.labels[place], self.names[place], self.groups[place])

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.texts, self.labels, self.names, self.groups)

    def at(self, places: Sequence[int], labels: list[str]) -> "Rows":
        """The rows at these places, with these labels."""
        texts = self.texts.at(places) if isinstance(self.texts, StoredTexts) else [self.texts[i] for i in places]
        return Rows(texts, labels, [self.names[i] for i in places], [self.groups[i] for i in places])


def joined(several: Sequence[Rows]) -> Rows:
    """The rows of all, one after the other."""
    first = several[0].texts
    texts = (
        first.joined([rows.texts for rows in several[1:]])
        if isinstance(first, StoredTexts)
        else [text for rows in several for text in rows.texts]
    )
    columns = ([value for rows in several for value in getattr(rows, name)] for name in ("labels", "names", "groups"))
    return Rows(texts, *columns)


class StoredTexts(Sequence[str]):
    """Texts in a memory-mapped column; used as a list of str is."""

    def __init__(self, chunks: Sequence[Any], keys: np.ndarray, identity: str, index: np.ndarray | None = None) -> None:
        """Hold texts of a column, [S].

        Args:
            chunks: its parts, arrays of Arrow.
            keys: of all S texts (see `keys_of`), int64.
            identity: equal for columns of the same content.
            index: which texts, in which order; all where it is None.
        """
        self._chunks, self._keys, self._identity = chunks, keys, identity
        self._starts = np.cumsum([0, *map(len, chunks)])
        self._index = np.arange(self._starts[-1]) if index is None else index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place: Any) -> Any:
        rows = np.atleast_1d(self._index[place])
        numbers = np.searchsorted(self._starts, rows, side="right") - 1  # of the chunk that each is in
        runs = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(numbers)) + 1) if len(rows) else []
        found: list[str] = []
        for run in runs:
            number = int(numbers[run[0]])
            found += self._chunks[number].take(rows[run] - self._starts[number]).to_pylist()
        return found if isinstance(place, slice) else found[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BLOCK):
            yield from self[start : start + BLOCK]

    @property
    def keys(self) -> np.ndarray:
        """See `keys_of`."""
        return self._keys[self._index]

    @property
    def digest(self) -> str:
        """Equal for the same texts in the same order."""
        return hashlib.sha256(self._identity.encode() + self._index.tobytes()).hexdigest()

    def at(self, indices: Sequence[int] | np.ndarray) -> "StoredTexts":
        """The texts at these indices; nothing is read."""
        return StoredTexts(self._chunks, self._keys, self._identity, self._index[np.asarray(indices, np.int64)])

    def joined(self, others: Sequence[Any]) -> "StoredTexts":
        """These texts, and then those of others."""
        every = [self, *others]
        starts = np.cumsum([0, *(one._starts[-1] for one in every)])
        return StoredTexts(
            [chunk for one in every for chunk in one._chunks],
            np.concatenate([one._keys for one in every]),
            "".join(one._identity for one in every),
            np.concatenate([one._index + start for one, start in zip(every, starts, strict=False)]),
        )


def stored_rows(
    path: Path, folder: Path, reading: Sequence[str], rows: Callable[[Problems], Iterator[Row]], problems: Problems
) -> Rows:
    """The rows of a table from a file in `folder`, which is written where there is none of this table as it is now.

    Args:
        reading: what else decides the rows, such as the names of the columns.
        rows: reads the table, and notes rows that are left out.
        problems: those that are left out are added.
    """
    import pyarrow as pa  # it takes a while to load, and only large tables need it

    place = hashlib.sha256(repr((os.path.relpath(path, folder), reading)).encode()).hexdigest()[:12]
    file, stat = folder / f"texts-{place}.arrow", path.stat()
    identity = f"{place} {stat.st_size} {stat.st_mtime_ns}"
    text = pa.schema({"text": pa.large_string(), "label": pa.string(), "name": pa.string(), "group": pa.string()})
    schema = text.append(pa.field("key", pa.int64())).with_metadata({"identity": identity})
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):  # of several processes one reads the table
        notes = file.with_suffix(".json")
        if not (file.is_file() and notes.is_file() and read_json(notes, "delete it")["identity"] == identity):
            _require_room(folder, 2 * stat.st_size)
            log.info(f"data: {path.name} is read once into {shown(file)} (data.cache)")
            found = Problems()
            every = iter(track(rows(found), f"read {path.name}"))
            notes.unlink(missing_ok=True)
            with atomic_write(file) as out, pa.ipc.new_file(out, schema) as writer:
                while block := list(islice(every, BLOCK)):
                    columns = [*zip(*block, strict=True), [_key(row.text) for row in block]]
                    writer.write_batch(
                        pa.record_batch(
                            [pa.array(one, kind) for one, kind in zip(columns, schema.types, strict=True)],
                            schema=schema,
                        )
                    )
            write_json(notes, {"identity": identity, "problems": found.by_kind, "remedies": found.remedies})
        table = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
        noted = read_json(notes, f"delete {file}")
    for kind, names in noted["problems"].items():
        problems.by_kind[kind] += names
        problems.remedies[kind] = noted["remedies"][kind]
    texts = StoredTexts(table["text"].chunks, table["key"].to_numpy(), identity)
    # Few classes and groups, so that each name is in memory once.
    labels, groups = (
        [intern(one) for chunk in table[name].chunks for one in chunk.to_pylist()] for name in ("label", "group")
    )
    return Rows(texts, labels, table["name"].to_pylist(), groups)


def remembered(file: Path, identity: str, compute: Callable[[], Any]) -> Any:
    """What was computed for this `identity` before, else what is computed now; in plain types."""
    found = read_json(file, "delete it") if file.is_file() else {}
    if found.get("identity") != identity:
        found = {"identity": identity, "result": compute()}
        write_json(file, found)
    return found["result"]


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} needs {needed / 1e9:.3g} GB and the disk has {free / 1e9:.3g} GB; make room, choose another "
            "folder with --data.processed, or use --data.cache memory."
        )


class TokenRows(Sequence[np.ndarray]):
    """The token ids of N texts, one after the other in one array, which may be memory-mapped."""

    def __init__(self, ids: np.ndarray, lengths: np.ndarray) -> None:
        """Hold ids, int32 [sum of `lengths`], of texts of these `lengths`, int64 [N]."""
        self._ids, self.lengths, self._starts = ids, lengths, np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, place: Any) -> Any:
        start = self._starts[place]
        return self._ids[start : start + self.lengths[place]]

    def at(self, order: np.ndarray) -> "TokenRows":
        """The same ids for the texts in this order."""
        rows = TokenRows(self._ids, self.lengths)
        rows.lengths, rows._starts = self.lengths[order], self._starts[order]
        return rows


Encode = Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]
"""From M texts to their ids one after the other, int32, and for each its length and whether it is cut, int32 [M, 2]."""


def stored_tokens(texts: StoredTexts, encode: Encode, tokenizer: str, folder: Path) -> tuple[TokenRows, np.ndarray]:
    """The ids of texts, and whether each is cut, bool [N], from `folder`, which is filled where it holds others.

    An interrupted filling goes on where it was.

    Args:
        tokenizer: the digest of what makes ids of texts.
    """
    identity = hashlib.sha256(f"{texts.digest} {tokenizer}".encode()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    ids_path, lengths_path, mark = folder / "ids.int32", folder / "lengths.int32", folder / "identity.json"
    with FileLock(folder.with_suffix(".lock")):
        if not (mark.is_file() and read_json(mark, f"delete {folder}") == identity):
            for path in (mark, ids_path, lengths_path):
                path.unlink(missing_ok=True)
            write_json(mark, identity)
        with lengths_path.open("a+b") as lengths_file, ids_path.open("a+b") as ids_file:
            done = lengths_file.tell() // 8
            lengths_file.truncate(8 * done)
            ids_file.truncate(4 * int(_mapped(lengths_path, (done, 2))[:, 0].sum()))
            for start in track(range(done, len(texts), BLOCK), f"tokenize, {BLOCK:,} texts at a time"):
                ids, lengths = encode(texts[start : start + BLOCK])
                if start == done:
                    _require_room(folder, (ids.nbytes // len(lengths) + 8) * (len(texts) - done))
                for file, values in ((ids_file, ids), (lengths_file, lengths)):  # ids first: lengths say what is whole
                    file.write(np.ascontiguousarray(values, np.int32).data)
                    file.flush()
                    os.fsync(file.fileno())
        noted = np.asarray(_mapped(lengths_path, (len(texts), 2)))  # int32 [N, 2]
        lengths = noted[:, 0].astype(np.int64)
        return TokenRows(np.asarray(_mapped(ids_path, (int(lengths.sum()),))), lengths), noted[:, 1].astype(bool)


def _mapped(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.int32, "r", shape=shape) if shape[0] else np.empty(shape, np.int32)
