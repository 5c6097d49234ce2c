"""Files that are either whole or not there, and their digests."""

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from shared.errors import UserError


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` and move it onto `path` if the block ends without an error.

    A kill or an error at any moment leaves the former file as it was.

    Raises:
        UserError: the folder cannot be made or written, or the disk is full.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # NamedTemporaryFile makes its file readable by its owner alone
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; "
            "make room or give access, or choose another folder with --output_dir (logs: --log_dir)."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_room(folder: Path, needed: float, otherwise: str) -> None:
    """Raise a UserError where a folder's disk has less room than that many bytes; `otherwise` says what else helps."""
    if needed > shutil.disk_usage(folder).free:
        raise no_room(folder, needed, otherwise)


def no_room(folder: Path, needed: float, otherwise: str, reason: str = "") -> UserError:
    """What `require_room` raises; also for a disk that became full, with the `reason` that the system gave."""
    return UserError(
        f"{folder} needs {needed / 1e9:.3g} GB and the disk has {shutil.disk_usage(folder).free / 1e9:.3g} GB{reason}; "
        f"make room, choose another folder with --data.processed, or {otherwise}."
    )


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically; bytes in file names that are no UTF-8 are escaped."""
    with atomic_write(path) as file:
        file.write(text.encode(errors="backslashreplace"))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table row by row, atomically; what is no UTF-8 is escaped as in `write_text`."""
    with atomic_write(path) as file:
        text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(rows)
        text.detach()


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON, atomically."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_json_lists(path: Path, lists: Mapping[str, Iterable[Any]]) -> None:
    """Write a JSON object of lists entry by entry, atomically; no list need be in memory as a whole."""
    with atomic_write(path) as file:
        for place, (name, entries) in enumerate(lists.items()):
            file.write(f"{'{' if place == 0 else ','}\n{json.dumps(name)}: [".encode())
            for number, entry in enumerate(entries):
                file.write(f"{',' if number else ''}\n{json.dumps(entry)}".encode())
            file.write(b"]")
        file.write(b"}\n")


def read_json(path: Path, remedy: str) -> Any:
    """Read a JSON file that an earlier verb wrote.

    Raises:
        UserError: there is no such file or it is no JSON; the message ends with `remedy`.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}; {remedy}.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} ({error}); {remedy}.") from error


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """The hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def require_writable(folder: Path) -> None:
    """Make the folder and check that a file can be written there, before work that would be lost.

    Raises:
        UserError: it cannot.
    """
    probe = folder / f".probe-{os.getpid()}"
    with atomic_write(probe) as file:
        file.write(b"")
    probe.unlink(missing_ok=True)
