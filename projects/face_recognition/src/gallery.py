"""The people that are known: names and embeddings in one SQLite file, which no kill leaves half-written."""

import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import UserError

FORMAT_VERSION, MAX_NAME = 2, 100
_SCHEMA = """
CREATE TABLE photo (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    embedder TEXT NOT NULL,
    digest TEXT NOT NULL,
    added TEXT NOT NULL,
    embedding BLOB NOT NULL,
    UNIQUE (embedder, digest)
);
CREATE INDEX photo_name ON photo (name);
"""


def normalize_name(name: str) -> str:
    """A name as the gallery holds it: composed letters, single blanks. A UserError where nobody can read it."""
    if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
        raise UserError(f"{name[:20]!r} is no name; give one that can be read, of at most {MAX_NAME} letters.")
    return unicodedata.normalize("NFC", " ".join(name.split()))


class Gallery:
    """An open gallery; use it in a `with` block."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; a UserError where it cannot be opened, is no gallery, or of another version."""
        self.path = path
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            # What is deleted is overwritten, in the file and in the journal, which is removed after each transaction.
            for setting in ("secure_delete = ON", "journal_mode = DELETE", "synchronous = FULL"):
                self._connection.execute(f"PRAGMA {setting}")
            ((version,),) = self._connection.execute("PRAGMA user_version")
            ((tables,),) = self._connection.execute("SELECT COUNT(*) FROM sqlite_master")
            if version != FORMAT_VERSION and (version or tables):
                raise UserError(f"{path} is no gallery of this program's version; choose another --gallery.file.")
            if not version:
                self._connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {FORMAT_VERSION};COMMIT;")

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def enroll(self, name: str, embedder: str, embeddings: np.ndarray, digests: Sequence[str]) -> int:
        """Add a person's photos, all or none: their embeddings, float32 [N, D], and the digests of their bytes.

        A photo that is there already is not added again; under another name it is a UserError. Returns the number of
        new photos.
        """
        name, now = normalize_name(name), datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            before = self._connection.total_changes
            for embedding, digest in zip(embeddings, digests, strict=True):
                values = name, embedder, digest, now, embedding.astype("<f4").tobytes()
                self._rows("INSERT OR IGNORE INTO photo VALUES (NULL, ?, ?, ?, ?, ?)", *values)
                ((owner,),) = self._rows("SELECT name FROM photo WHERE embedder = ? AND digest = ?", embedder, digest)
                if owner != name:
                    raise UserError(f"a photo of {name} is enrolled as {owner} already; forget one of the two first.")
            return self._connection.total_changes - before

    def forget(self, name: str) -> int:
        """Delete a person and all embeddings for good; returns the number of photos. UserError: no such person."""
        with self._transaction():
            photos = self._connection.execute("DELETE FROM photo WHERE name = ?", (normalize_name(name),)).rowcount
            if not photos:
                raise UserError(f"there is no {name} in {self.path}; `python main.py list` shows the people in it.")
        self._rows("VACUUM")
        return photos

    def people(self) -> list[dict[str, Any]]:
        """Who is enrolled, by name: `name`, `photos`, `embedder` and `last added` (UTC, ISO 8601)."""
        columns = "name, COUNT(*), GROUP_CONCAT(DISTINCT embedder), MAX(added)"
        rows = self._rows(f"SELECT {columns} FROM photo GROUP BY name ORDER BY name")
        return [dict(zip(("name", "photos", "embedder", "last added"), row, strict=True)) for row in rows]

    def embeddings(self, embedder: str) -> tuple[list[str], np.ndarray]:
        """The names and embeddings, float32 [N, D], of all photos enrolled with this embedder."""
        rows = self._rows("SELECT name, embedding FROM photo WHERE embedder = ? ORDER BY id", embedder)
        content = np.frombuffer(b"".join(embedding for _, embedding in rows), "<f4")
        return [name for name, _ in rows], content.reshape(len(rows), content.size // max(1, len(rows)))

    def count_others(self, embedder: str) -> int:
        """The number of photos enrolled with other embedders, which cannot be compared with this one's."""
        return int(self._rows("SELECT COUNT(*) FROM photo WHERE embedder != ?", embedder)[0][0])

    @property
    def version(self) -> tuple[int, int]:
        """Numbers of which one changes when anybody changes the file: another connection, or this one."""
        return int(self._rows("PRAGMA data_version")[0][0]), self._connection.total_changes

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._explained(), self._connection:  # commits, or rolls back after an error
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise UserError(
                f"cannot use the gallery {self.path} ({error}); give access, or choose another --gallery.file."
            ) from error
