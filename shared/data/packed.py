"""A data set packed into shards, on a disk or at an S3-compatible address, whose files are read like those of a folder.

A shard is a plain tar file; `pack.csv` beside the shards says where in them each file lies.
`python -m shared.data.pack` writes both, and any program can read them.
"""

import csv
import functools
import hashlib
import io
import itertools
import os
import shutil
import stat
from collections.abc import Generator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from shared.data import s3
from shared.errors import UserError
from shared.files import atomic_write

INDEX = "pack.csv"
COLUMNS = ("name", "shard", "offset", "bytes", "modified", "sha256")
"""Of each file, in the order of a folder: its place in a shard, its time in nanoseconds, and its digest."""
AHEAD_BYTES = 1 << 23
"""What is fetched at once where files are read one after the other."""
CACHE_VARIABLE = "SHARD_CACHE_GB"
"""How much of shards at an S3 address is kept in data/processed/shards; without it, half of what the disk has free."""

_ROOTS: set[str] = set()
# Before Python 3.12, `Path` itself cannot be subclassed, but its class for this system can.
if TYPE_CHECKING:
    _Path = Path
else:
    _Path = type(Path())


class PackedPath(_Path):
    """A file or folder in a packed data set; its bytes come from a shard and are checked at each reading."""

    def _pack_root(self) -> str:
        text = str(self)  # comparing text takes a tenth of the time of `parents`
        return max((root for root in _ROOTS if text == root or text.startswith(root + os.sep)), key=len)

    def _find(self) -> tuple["Pack", str]:
        """The packed data set, and the name in it."""
        root = self._pack_root()
        return _open(root), str(self)[len(root) + 1 :].replace(os.sep, "/") or "."

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._pack_root(), str(self))

    def resolve(self, strict: bool = False) -> "PackedPath":  # noqa: ARG002
        """Itself: there are no links."""
        return self

    def is_file(self) -> bool:
        """Whether it is a file of the data set."""
        pack, name = self._find()
        return name in pack.rows

    def is_dir(self) -> bool:
        """Whether it holds files of the data set."""
        pack, name = self._find()
        return name in pack.folders

    def exists(self, **_: Any) -> bool:
        """Whether it is a file or folder of the data set."""
        return self.is_file() or self.is_dir()

    def stat(self, **_: Any) -> os.stat_result:
        """Size and time of the file that was packed."""
        pack, name = self._find()
        if name not in pack.rows:
            raise FileNotFoundError(2, "no such file in the packed data set", str(self))
        row = pack.rows[name]
        seconds = int(pack.modified[row]) / 1e9
        times = {"st_mtime_ns": int(pack.modified[row])}
        return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, int(pack.sizes[row]), 0, seconds, 0), times)

    def files(self) -> Generator["PackedPath", None, None]:
        """All files below this folder, in the order of `visit`."""
        pack, name = self._find()
        root = self if name == "." else self.parents[name.count("/")]
        return (root / pack.names[row] for row in range(*pack.folders.get(name, (0, 0))))

    def iterdir(self) -> Generator["PackedPath", None, None]:
        """The files and folders in this folder."""
        depth = len(self.parts)
        return (self / name for name in dict.fromkeys(path.parts[depth] for path in self.files()))

    def glob(self, pattern: str) -> Generator["PackedPath", None, None]:
        """The files and folders whose names fit, for patterns of one or several parts without `**`."""
        first, _, rest = pattern.partition("/")
        inside = self.iterdir() if self.is_dir() else ()
        for path in inside:
            if fnmatchcase(path.name, first):
                yield from path.glob(rest) if rest else (path,)

    def open(self, mode: str = "r", buffering: int = -1, encoding: Any = None, *others: Any, **named: Any) -> IO[Any]:  # type: ignore[override]
        """The file's bytes, which are in memory as a whole."""
        del buffering
        pack, name = self._find()
        if name not in pack.rows:
            raise FileNotFoundError(2, "no such file in the packed data set", str(self))
        raw = io.BytesIO(pack.read(pack.rows[name]))
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding or "utf-8", *others, **named)


def opened(root: Path) -> Path:
    """The folder as it is, or as a packed data set: where it holds `pack.csv`, or is an address `s3://bucket/prefix`."""
    if isinstance(root, PackedPath) or not ("s3:" in root.parts or (root / INDEX).is_file()):
        return root
    return _restored(str(root), str(root))


def _restored(root: str, path: str) -> PackedPath:
    _ROOTS.add(root)
    return PackedPath(path)


@functools.cache
def _open(root: str) -> "Pack":
    return Pack(Path(root))


class Pack:
    """A packed data set; it can be read from several processes at once."""

    def __init__(self, root: Path) -> None:
        """Read the index of the folder or address `root`.

        Raises:
            UserError: there is none, it is damaged, or the address does not answer.
        """
        self.root, self.address = root, ""
        if "s3:" in root.parts:  # a configuration's paths count from the project's folder
            place = root.parts.index("s3:")
            self.address = "/".join(root.parts[place + 1 :])
            self.root = Path(*root.parts[:place], "data", "processed", "shards", self.address.replace("/", "--"))
            text = s3.fetch(f"{self.address}/{INDEX}").decode(errors="replace")
        else:
            text = (root / INDEX).read_text(encoding="utf-8")
        try:
            _, *rows = csv.reader(io.StringIO(text), strict=True)
            if not rows:
                raise ValueError("it names no file")
            self.names, shard, *numbers, digests = zip(*rows, strict=True)
            self.offsets, self.sizes, self.modified = (np.array([*map(int, column)]) for column in numbers)
            self.digests = np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(len(rows), 32)
        except (csv.Error, ValueError) as error:
            raise UserError(
                f"{self._named(INDEX)} is damaged ({error}); copy it again, or pack the data again."
            ) from error
        self.rows = {name: row for row, name in enumerate(self.names)}
        self.shards, self.shard = np.unique(shard, return_inverse=True)
        self.folders = self._find_folders()
        self._ends = np.zeros(len(self.shards), np.int64)
        np.maximum.at(self._ends, self.shard, self.offsets + self.sizes)
        self._kept = self._count_kept() if self.address else 0
        self._ahead: tuple[int, int, bytes] = (-1, 0, b"")  # shard, offset and bytes of what was fetched last

    def _find_folders(self) -> dict[str, tuple[int, int]]:
        """The range of rows in each folder: the files of a folder follow one another."""
        folders, start = {".": (0, len(self.names))}, 0
        for folder, rows in itertools.groupby(self.names, lambda name: name.rpartition("/")[0]):
            end = start + sum(1 for _ in rows)
            while folder:
                folders[folder] = (folders.get(folder, (start, end))[0], end)
                folder = folder.rpartition("/")[0]
            start = end
        return folders

    def _named(self, file: str) -> str:
        return f"s3://{self.address}/{file}" if self.address else str(self.root / file)

    def _count_kept(self) -> int:
        """How many of the shards, from the first on, are kept on the disk; the others are read where they are.

        None is ever dropped for another: a new order each epoch would ask for it again as likely as for any other.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        limit = os.environ.get(CACHE_VARIABLE)
        here = sum(path.stat().st_size for path in self.root.glob("*.tar"))
        try:
            bound = float(limit) * 1e9 if limit else here + shutil.disk_usage(self.root).free / 2
        except ValueError as error:
            raise UserError(f"{CACHE_VARIABLE} is {limit!r}; set it to a number of gigabytes.") from error
        return int(np.searchsorted(np.cumsum(self._ends), bound, "right"))

    def read(self, row: int) -> bytes:
        """The bytes of a file.

        Raises:
            UserError: the shard is missing, damaged or cannot be fetched.
        """
        number, start, size = int(self.shard[row]), int(self.offsets[row]), int(self.sizes[row])
        shard, kept = self.root / self.shards[number], number < self._kept
        if self.address and not kept:
            content = self._fetch(number, start, size)
        else:
            if kept and not shard.is_file():
                self._keep(number, shard)
            try:
                with shard.open("rb") as opened_shard:
                    opened_shard.seek(start)
                    content = opened_shard.read(size)
            except OSError as error:
                raise UserError(f"cannot read the shard {shard}: {error.strerror}; copy it again.") from error
        if hashlib.sha256(content).digest() != self.digests[row].tobytes():
            raise UserError(
                f"the shard {self._named(shard.name)} is damaged: {self.names[row]} has other bytes in it than when it "
                f"was packed; put a good copy in its place{f', and delete {shard}' * kept}."
            )
        return content

    def _keep(self, number: int, path: Path) -> None:
        with FileLock(f"{path}.lock"):  # of several processes one fetches it
            if not path.is_file():
                content = s3.fetch(f"{self.address}/{path.name}", 0, int(self._ends[number]))
                with atomic_write(path) as file:
                    file.write(content)

    def _fetch(self, number: int, start: int, size: int) -> bytes:
        """A file from its address; with those behind it where the one before it was fetched last."""
        held, offset, content = self._ahead
        end = offset + len(content)
        if held != number or not offset <= start <= start + size <= end:
            follows = held == number and 0 <= start - end <= 4096  # a tar file's headers lie between
            wanted = min(max(size, AHEAD_BYTES), int(self._ends[number]) - start) if follows else size
            offset, content = start, s3.fetch(f"{self.address}/{self.shards[number]}", start, wanted)
            self._ahead = (number, offset, content)
        return content[start - offset : start - offset + size]
