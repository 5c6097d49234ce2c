"""Files become examples of one shape: in memory, prepared once on the disk, or decoded whenever they are needed.

What is prepared lies in `<data.processed>/<column>-<key>/`: `examples.npy`, which any program can open, and
`index.jsonl`, which says of each file how it was read. The key covers the folder and how its files are read; the
index also covers their names, sizes and times, so that changed files are noticed.
"""

import hashlib
import inspect
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock
from torch.utils.data import DataLoader, Dataset

from shared.console import log, shown, track
from shared.data.folders import Decoded, FileKind, UnreadableFileError
from shared.data.problems import Problems
from shared.data.rows import FileArray, Rows
from shared.data.settings import PreparedDataConfig
from shared.errors import UserError
from shared.process import cores
from shared.seeding import generator

EXAMPLES, INDEX = "examples.npy", "index.jsonl"
SMALL_FILES, SMALL_BYTES = 2_000, 32_000_000
"""Up to here, decoding takes about as long as importing PyTorch, so that keeping the result would not pay."""
PARALLEL_FILES = 200
"""Fewer are decoded in this process: starting others takes some tenths of a second."""
CHUNK_FILES, CHUNK_BYTES = 256, 1 << 23
"""What a worker process decodes at a time; an interrupted preparation loses less than this of each worker."""


@dataclass(frozen=True)
class Reading:
    """How files become examples of one shape."""

    read: Callable[..., Decoded]
    """`read(path, **settings)`, a function of a module, so that other processes can call it; it raises
    `UnreadableFileError`. When its module changes, the data is prepared anew."""
    settings: dict[str, Any]
    """Plain values, named as in the section `data` of the configuration."""
    settle: Callable[[Sequence[Path]], dict[str, Any]] = lambda _: {}
    """The settings that are left to the program, as the files decide them: they replace those of the same names."""

    def settled(self, index: "Index") -> Callable[[Path], Decoded]:
        """`read` with all settings."""
        return partial(self.read, **self.settings | index.settled)


@dataclass
class Index:
    """What is known of files that were decoded, in their order."""

    settled: dict[str, Any]
    """See `Reading.settle`."""
    row: list[int]
    """The shape of an example."""
    dtype: str
    chunks: list[dict[str, Any]] = field(default_factory=list)
    """Of each chunk: its number of `files`, the `digests` and `measures` of the readable ones, and by their place in
    the chunk those that are `unusual` and the `unreadable` ones."""

    @property
    def count(self) -> int:
        """How many files were looked at."""
        return sum(chunk["files"] for chunk in self.chunks)

    @property
    def row_bytes(self) -> int:
        """What an example takes."""
        return int(np.prod(self.row)) * np.dtype(self.dtype).itemsize

    @property
    def readable(self) -> np.ndarray:
        """Of each file, whether it has an example: bool [files]."""
        found = np.ones(self.count, bool)
        found[[place for place, *_ in self.of_files("unreadable")]] = False
        return found

    def of_files(self, kind: str) -> Iterator[list[Any]]:
        """The entries `unusual` or `unreadable`, which begin with the file's place among all."""
        start = 0
        for chunk in self.chunks:
            for place, *entry in chunk[kind]:
                yield [start + place, *entry]
            start += chunk["files"]

    def rows(self, source: np.ndarray | FileArray, folder: Path) -> Rows:
        """The examples in `source`, one for each readable file, that were prepared in the folder."""
        digests = bytes.fromhex("".join(chunk["digests"] for chunk in self.chunks))
        names = dict.fromkeys(name for chunk in self.chunks for name in chunk["measures"])
        measures = {name: [one for chunk in self.chunks for one in chunk["measures"].get(name, [])] for name in names}
        arrays = {name: np.array(values) for name, values in measures.items()}
        return Rows(source, folder, np.frombuffer(digests, np.uint8).reshape(-1, 32), arrays)


@dataclass(frozen=True)
class Prepared:
    """Files as examples."""

    values: np.ndarray | Rows
    """Of the readable files, in their order, [N, ...]."""
    index: Index
    cache: str
    """`memory`, `disk` or `none` (see `PreparedDataConfig`)."""

    def note(self, files: Sequence[str], kind: FileKind) -> tuple[Problems, Problems]:
        """The files that cannot be read, and those that are unusual; by the names given, in the same order."""
        problems, unusual = Problems(), Problems()
        for place, problem, error, remedy in self.index.of_files("unreadable"):
            problems.add(problem.format(nouns=kind.nouns), f"{files[place]} ({error})", remedy)
        for place, note in self.index.of_files("unusual"):
            unusual.add(note, files[place], "look at them")
        return problems, unusual


def prepare(
    root: Path,
    files: Sequence[Path],
    names: Sequence[str],
    reading: Reading,
    column: str,
    kind: FileKind,
    settings: PreparedDataConfig,
) -> Prepared:
    """Decode files, or open what was prepared of them before.

    Args:
        names: of the files, below `root`.
        column: what the examples are called.

    Raises:
        UserError: no file can be read, or the disk is full.
    """
    sizes = [path.stat() for path in files]
    small = len(files) <= SMALL_FILES and sum(size.st_size for size in sizes) <= SMALL_BYTES
    if settings.cache == "memory" or (settings.cache == "auto" and small):
        return _in_memory(files, reading, kind)
    place = os.path.relpath(root, settings.processed)  # so that a copied project finds its own
    code = Path(inspect.getfile(reading.read)).read_bytes()
    folder = settings.processed / f"{column}-{_digest(place, reading.settings, code.hex())[:12]}"
    identity = _digest(*((name, size.st_size, size.st_mtime_ns) for name, size in zip(names, sizes, strict=True)))
    settings.processed.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # of several processes one prepares, and the others open the result
        index = _read_index(folder, identity)
        if index and not (folder / EXAMPLES).is_file() and _is_stored(index, len(files), folder, settings):
            index = None
        if index is None:
            index = _prepare_folder(folder, identity, files, reading, kind, settings)
    if settings.cache != "none" and (folder / EXAMPLES).is_file():
        log.info(f"data: {len(files):,} {kind.nouns}, prepared in {shown(folder)}")
        return Prepared(index.rows(np.asarray(np.load(folder / EXAMPLES, mmap_mode="r")), folder), index, "disk")
    log.info(f"data: {len(files):,} {kind.nouns} are decoded whenever they are needed")
    readable = [path for path, good in zip(files, index.readable, strict=True) if good]
    decoded = FileArray(readable, partial(_values, reading.settled(index)), tuple(index.row), np.dtype(index.dtype))
    return Prepared(index.rows(decoded, folder), index, "none")


def _values(read: Callable[[Path], Decoded], path: Path) -> np.ndarray:
    return read(path).values


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode(errors="surrogateescape")).hexdigest()


def _begin(files: Sequence[Path], reading: Reading, kind: FileKind) -> Index:
    """The index before any file is noted; the first readable file says which shape all have."""
    settled = reading.settle(files)
    for path in files:
        try:
            values = reading.read(path, **reading.settings | settled).values
        except UnreadableFileError as error:
            problem = f"{path}: {error}"
        else:
            return Index(settled, list(values.shape), values.dtype.str)
    raise UserError(f"none of {len(files):,} {kind.nouns} can be read ({problem}); replace them.")


def _in_memory(files: Sequence[Path], reading: Reading, kind: FileKind) -> Prepared:
    index = _begin(files, reading, kind)
    values, filled = np.empty((len(files), *index.row), index.dtype), 0
    for rows, chunk in _decode(files, reading, index, f"read {kind.nouns}"):
        values[filled : filled + len(rows)] = rows
        filled += len(rows)
        index.chunks.append(chunk)
    return Prepared(values[:filled], index, "memory")


def _read_index(folder: Path, identity: str) -> Index | None:
    """The index in a folder, without a last line that was cut off; None where it is missing or of other files."""
    try:
        lines = (folder / INDEX).read_text(encoding="utf-8").splitlines(keepends=True)
        head, *chunks = (json.loads(line) for line in lines if line.endswith("\n"))
        if head.pop("identity") == identity:
            return Index(**head, chunks=chunks)
        log.info(f"data: files have changed since {shown(folder)} was prepared, so it is prepared again")
    except (OSError, ValueError, TypeError, KeyError):  # missing or damaged
        pass
    return None


def _is_stored(index: Index, count: int, folder: Path, settings: PreparedDataConfig) -> bool:
    """Whether that many examples shall lie on the disk (see `PreparedDataConfig`)."""
    needed, free = count * index.row_bytes, shutil.disk_usage(folder.parent).free
    if settings.cache == "disk" and needed > free:
        raise UserError(
            f"{folder} needs {needed / 1e9:.3g} GB and the disk has {free / 1e9:.3g} GB; make room, choose another "
            "folder with --data.processed, or use --data.cache none, which decodes files whenever they are needed."
        )
    return settings.cache == "disk" or (settings.cache == "auto" and 2 * needed <= free)


def _prepare_folder(
    folder: Path,
    identity: str,
    files: Sequence[Path],
    reading: Reading,
    kind: FileKind,
    settings: PreparedDataConfig,
) -> Index:
    """Decode into a folder beside, which gets its name once it is whole; an interrupted preparation goes on."""
    part = folder.with_suffix(".part")
    examples, notes, index = part / EXAMPLES, part / INDEX, _read_index(part, identity)
    try:
        if index is None:
            index = _begin(files, reading, kind)
            stored = _is_stored(index, len(files), folder, settings)
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            if stored:
                log.info(
                    f"data: {len(files):,} {kind.nouns} are prepared once in {shown(folder)}, "
                    f"{len(files) * index.row_bytes / 1e9:.3g} GB (data.cache)"
                )
                examples.write_bytes(_npy_header(index, len(files)))
            head = {"identity": identity, "settled": index.settled, "row": index.row, "dtype": index.dtype}
            notes.write_text(json.dumps(head) + "\n", encoding="utf-8")
        else:
            log.info(f"data: preparing {shown(folder)} goes on after {index.count:,} of {len(files):,} {kind.nouns}")
            os.truncate(notes, notes.read_bytes().rfind(b"\n") + 1)
        stored, done = examples.is_file(), int(index.readable.sum())
        if stored:
            os.truncate(examples, len(_npy_header(index, done)) + done * index.row_bytes)
        with notes.open("ab") as lines, examples.open("ab") if stored else nullcontext() as rows_file:
            for rows, chunk in _decode(files[index.count :], reading, index, f"prepare {kind.nouns}"):
                if rows_file:
                    rows_file.write(rows.data)
                    _to_disk(rows_file)  # first, so that the index never says more than the disk holds
                lines.write(json.dumps(chunk).encode() + b"\n")
                _to_disk(lines)
                index.chunks.append(chunk)
        if stored:
            with examples.open("r+b") as rows_file:
                rows_file.write(_npy_header(index, int(index.readable.sum())))
                _to_disk(rows_file)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        needed, free = (len(files) - index.count) * index.row_bytes if index else 0, shutil.disk_usage(part.parent).free
        raise UserError(
            f"cannot prepare {folder}: {error.strerror or error} ({needed / 1e9:.3g} GB are needed and "
            f"{free / 1e9:.3g} GB free); make room, or choose another folder with --data.processed. What was prepared "
            "is kept, and the same command goes on."
        ) from error
    return index


def _npy_header(index: Index, count: int) -> bytes:
    """What an .npy file of `count` examples begins with; NumPy leaves room in it for any count."""
    header = io.BytesIO()
    shape = (count, *index.row)
    np.lib.format.write_array_header_1_0(header, {"descr": index.dtype, "fortran_order": False, "shape": shape})
    return header.getvalue()


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _decode(
    files: Sequence[Path], reading: Reading, index: Index, text: str
) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    """The examples of each chunk of files, in order, and the chunk's entry for the index; by several processes."""
    size = max(1, min(CHUNK_FILES, CHUNK_BYTES // index.row_bytes))
    chunks = [[*range(start, min(start + size, len(files)))] for start in range(0, len(files), size)]
    decoder = _Decoder(files, reading.settled(index), index)
    workers = cores() if len(files) >= PARALLEL_FILES else 0
    # The generator keeps the loader from drawing a number from the global random state.
    loader = DataLoader(decoder, batch_sampler=chunks, collate_fn=_same, num_workers=workers, generator=generator(0))
    yield from filter(None, track(_file_by_file(loader), text, total=len(files)))


def _file_by_file(
    chunks: Iterable[tuple[np.ndarray, dict[str, Any]]],
) -> Iterator[tuple[np.ndarray, dict[str, Any]] | None]:
    """Each chunk, and then None for each further file in it: a progress bar counts files."""
    for rows, chunk in chunks:
        yield rows, chunk
        yield from [None] * (chunk["files"] - 1)


def _same(chunk: Any) -> Any:
    return chunk


class _Decoder(Dataset[Any]):
    """Files, of which PyTorch's worker processes decode a chunk at a time."""

    def __init__(self, files: Sequence[Path], read: Callable[[Path], Decoded], index: Index) -> None:
        self.files, self.read, self.row, self.dtype = files, read, index.row, index.dtype

    def __len__(self) -> int:
        return len(self.files)

    def __getitems__(self, indices: Sequence[int]) -> tuple[np.ndarray, dict[str, Any]]:
        found, unusual, unreadable = [], [], []
        for place, index in enumerate(indices):
            try:
                decoded = self.read(self.files[index])
            except UnreadableFileError as error:
                unreadable.append([place, error.problem, str(error), error.remedy])
            else:
                found.append(decoded)
                unusual += [[place, note] for note in decoded.unusual]
        rows = np.empty((len(found), *self.row), self.dtype)
        for row, decoded in zip(rows, found, strict=True):
            row[...] = decoded.values
        measures = {name: [one.measures[name] for one in found] for name in (found[0].measures if found else ())}
        digests = "".join(hashlib.sha256(row.tobytes()).hexdigest() for row in rows)
        chunk = {"files": len(indices), "digests": digests, "measures": measures}
        return rows, chunk | {"unusual": unusual, "unreadable": unreadable}
