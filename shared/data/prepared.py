"""Files become examples of one shape: in memory, prepared once on the disk, or decoded whenever they are needed.

What is prepared lies in `<data.processed>/<column>-<key>/`: `examples.npy`, which any program can open, has a row for
each file, and `index.jsonl` says how each was read. The key covers the folder and how its files are read; the index
also covers their names, sizes and times, so that changed files are noticed.
"""

import hashlib
import inspect
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock

from shared.console import log, shown, track
from shared.data.folders import Decoded, FileKind, UnreadableFileError
from shared.data.problems import Problems
from shared.data.rows import FileArray, Rows
from shared.data.settings import PreparedDataConfig
from shared.errors import UserError
from shared.files import no_room, require_room
from shared.workers import in_processes, workers_for

EXAMPLES, INDEX = "examples.npy", "index.jsonl"
SMALL_FILES, SMALL_BYTES = 2_000, 32_000_000
"""Up to here, decoding takes about as long as importing PyTorch, so that keeping the result would not pay."""
CHUNK_FILES, CHUNK_BYTES = 256, 1 << 23
"""What a worker process decodes at a time; an interrupted preparation loses less than this of each worker."""
OTHERWISE = "use --data.cache none, which decodes files whenever they are needed; what is prepared is kept"


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


@dataclass
class Index:
    """What is known of files that were decoded, in their order."""

    settled: dict[str, Any]
    """See `Reading.settle`."""
    row: list[int]
    """The shape of an example."""
    dtype: str
    chunks: list[dict[str, Any]] = field(default_factory=list)
    """Of each chunk: its number of `files`, their `digests` and `measures`, and by their place in the chunk those that
    are `unusual` and the `unreadable` ones, whose rows are zeros."""

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

    def note(self, files: Sequence[str], kind: FileKind) -> tuple[Problems, Problems]:
        """The files that cannot be read, and those that are unusual; by the names given, in the same order."""
        problems, unusual = Problems(), Problems()
        for place, problem, error, remedy in self.of_files("unreadable"):
            problems.add(problem.format(nouns=kind.nouns), f"{files[place]} ({error})", remedy)
        for place, note in self.of_files("unusual"):
            unusual.add(note, files[place], "look at them")
        return problems, unusual

    def rows(self, source: np.ndarray | FileArray, folder: Path) -> Rows:
        """The readable files' examples in `source`, which has a row for each file and was prepared in the folder."""
        digests = np.frombuffer(bytes.fromhex("".join(chunk["digests"] for chunk in self.chunks)), np.uint8)
        measures = {
            name: np.concatenate([chunk["measures"].get(name, [0] * chunk["files"]) for chunk in self.chunks])
            for name in dict.fromkeys(name for chunk in self.chunks for name in chunk["measures"])
        }
        return Rows(source, folder, digests.reshape(-1, 32), measures, np.flatnonzero(self.readable))


def prepare(
    root: Path,
    files: Sequence[Path],
    names: Sequence[str],
    reading: Reading,
    column: str,
    kind: FileKind,
    settings: PreparedDataConfig,
) -> tuple[np.ndarray | Rows, Index, str]:
    """Decode files, or open what was prepared of them before.

    Args:
        names: of the files, below `root`.
        column: what the examples are called.

    Returns:
        The examples [N, ...] of the readable files, in their order; the index; and `memory`, `disk` or `none` (see
        `PreparedDataConfig`).

    Raises:
        UserError: no file can be read, or the disk is full.
    """
    stats = [(one.st_size, one.st_mtime_ns) for one in (path.stat() for path in files)]
    small = len(files) <= SMALL_FILES and sum(size for size, _ in stats) <= SMALL_BYTES
    if settings.cache == "memory" or (settings.cache == "auto" and small):
        index = _begin(files, reading, kind)
        values = np.empty((len(files), *index.row), index.dtype)
        for rows in _decoded(files, reading, index, f"read {kind.nouns}"):
            values[index.count - len(rows) : index.count] = rows
        return values if index.readable.all() else values[index.readable], index, "memory"
    place = os.path.relpath(root, settings.processed)  # so that a copied project finds its own
    code = Path(inspect.getfile(reading.read)).read_bytes()
    folder = settings.processed / f"{column}-{_digest(place, reading.settings, code.hex())[:12]}"
    identity = _digest(*((name, *stat) for name, stat in zip(names, stats, strict=True)))
    index = _find_or_prepare(folder, identity, files, reading, kind, settings)
    if settings.cache != "none" and (folder / EXAMPLES).is_file():
        log.info(f"data: {len(files):,} {kind.nouns}, prepared in {shown(folder)}")
        return index.rows(np.asarray(np.load(folder / EXAMPLES, mmap_mode="r")), folder), index, "disk"
    log.info(f"data: {len(files):,} {kind.nouns} are decoded whenever they are needed")
    decoded = FileArray(root, names, _with_settings(reading, index), tuple(index.row), np.dtype(index.dtype))
    return index.rows(decoded, folder), index, "none"


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


def _find_or_prepare(
    folder: Path, identity: str, files: Sequence[Path], reading: Reading, kind: FileKind, settings: PreparedDataConfig
) -> Index:
    """The index of the files; they are prepared where the folder is of others, cut off, or lacks wanted examples."""
    settings.processed.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # of several processes one prepares, and the others open the result
        if index := _read_index(folder, identity):
            examples = folder / EXAMPLES
            stored = examples.is_file() or _is_stored(index, len(files), folder, settings)
            if not stored or (examples.is_file() and examples.stat().st_size == _npy_bytes(index, len(files))):
                return index
        return _prepare_folder(folder, identity, files, reading, kind, settings)


def _is_stored(index: Index, count: int, folder: Path, settings: PreparedDataConfig) -> bool:
    """Whether `count` examples are to be kept on the disk (see `PreparedDataConfig`)."""
    needed, parent = count * index.row_bytes, folder.parent
    if settings.cache == "disk":
        require_room(parent, needed, OTHERWISE)
    return settings.cache == "disk" or (settings.cache == "auto" and 2 * needed <= shutil.disk_usage(parent).free)


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
        stored = examples.is_file()
        if stored:
            os.truncate(examples, _npy_bytes(index, len(files), index.count))
        with notes.open("ab") as lines, examples.open("ab") if stored else nullcontext() as rows_file:
            for rows in _decoded(files, reading, index, f"prepare {kind.nouns}", stored):
                if rows_file:  # first, so that the index never says more than the disk holds
                    _to_disk(rows_file, rows.data)
                _to_disk(lines, json.dumps(index.chunks[-1]).encode() + b"\n")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        needed = (len(files) - index.count) * index.row_bytes if index else 0
        raise no_room(part.parent, needed, OTHERWISE, f" ({error.strerror or error})") from error
    return index


def _npy_header(index: Index, count: int) -> bytes:
    """What an .npy file of `count` examples begins with."""
    header = io.BytesIO()
    shape = (count, *index.row)
    np.lib.format.write_array_header_1_0(header, {"descr": index.dtype, "fortran_order": False, "shape": shape})
    return header.getvalue()


def _npy_bytes(index: Index, count: int, written: int | None = None) -> int:
    """The size of an .npy file for `count` examples once `written` of them are in it, or all of them if None."""
    return len(_npy_header(index, count)) + (count if written is None else written) * index.row_bytes


def _to_disk(file: IO[bytes], content: bytes | memoryview) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _with_settings(reading: Reading, index: Index) -> Callable[[Path], Decoded]:
    return partial(reading.read, **reading.settings | index.settled)


def _decoded(
    files: Sequence[Path], reading: Reading, index: Index, text: str, kept: bool = True
) -> Iterator[np.ndarray]:
    """Decode the files that the index does not have yet, chunk by chunk: yield the rows of each, and note it there.

    Args:
        kept: whether the rows are wanted. If not, they are empty: sending them from the workers takes time.
    """
    size = max(1, min(CHUNK_FILES, CHUNK_BYTES // index.row_bytes))
    chunks = [files[start : start + size] for start in range(index.count, len(files), size)]
    decode = partial(_decode_chunk, _with_settings(reading, index), (index.row, index.dtype), kept)
    workers = workers_for(len(files) - index.count)
    for rows, chunk in track(in_processes(decode, chunks, workers), f"{text}, {size} at a time", total=len(chunks)):
        index.chunks.append(chunk)
        yield rows


def _decode_chunk(
    read: Callable[[Path], Decoded], like: tuple[Sequence[int], str], kept: bool, files: Sequence[Path]
) -> tuple[np.ndarray, dict[str, Any]]:
    """The rows of some files, and their entry for the index."""
    row, dtype = like
    rows, unusual, unreadable = np.zeros((len(files), *row), dtype), [], []
    measures: dict[str, list[int]] = {}
    for place, path in enumerate(files):
        try:
            decoded = read(path)
        except UnreadableFileError as error:
            unreadable.append([place, error.problem, str(error), error.remedy])
        else:
            rows[place] = decoded.values
            unusual += [[place, note] for note in decoded.unusual]
            for name, value in decoded.measures.items():
                measures.setdefault(name, [0] * len(files))[place] = value
    digests = "".join(hashlib.sha256(row.tobytes()).hexdigest() for row in rows)
    chunk = {"files": len(files), "digests": digests, "measures": measures}
    return rows if kept else rows[:0], chunk | {"unusual": unusual, "unreadable": unreadable}
