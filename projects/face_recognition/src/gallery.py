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

FORMAT_VERSION, LONGEST_NAME = 1, 100
_SCHEMA = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE photo (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    embedder TEXT NOT NULL,
    digest TEXT NOT NULL,
    added TEXT NOT NULL,
    embedding BLOB NOT NULL,
    UNIQUE (embedder, digest)
);
CREATE INDEX photo_person ON photo (person);
"""
_JOINED = "FROM photo JOIN person ON person.id = person"


def normalize_name(name: str) -> str:
    """A name as the gallery holds it: composed letters, single blanks. A UserError where nobody can read it."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UserError(f"{name[:20]!r} is no name; give one that can be read, of at most {LONGEST_NAME} letters.")
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
            for setting in ("foreign_keys = ON", "secure_delete = ON", "journal_mode = DELETE", "synchronous = FULL"):
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
        name, now, new = normalize_name(name), datetime.now(UTC).isoformat(timespec="seconds"), 0
        with self._transaction():
            self._rows("INSERT OR IGNORE INTO person (name) VALUES (?)", name)
            ((person,),) = self._rows("SELECT id FROM person WHERE name = ?", name)
            for embedding, digest in zip(embeddings, digests, strict=True):
                owner = self._rows(f"SELECT name {_JOINED} WHERE embedder = ? AND digest = ?", embedder, digest)
                if owner and owner[0][0] != name:
                    raise UserError(
                        f"a photo of {name} is enrolled as {owner[0][0]} already; forget one of the two first."
                    )
                if not owner:
                    values = person, embedder, digest, now, embedding.astype("<f4").tobytes()
                    self._rows("INSERT INTO photo VALUES (NULL, ?, ?, ?, ?, ?)", *values)
                    new += 1
        return new

    def forget(self, name: str) -> int:
        """Delete a person and all embeddings for good; returns the number of photos. UserError: no such person."""
        with self._transaction():
            ((count,),) = self._rows(f"SELECT COUNT(*) {_JOINED} WHERE name = ?", normalize_name(name))
            if not count:
                raise UserError(f"there is no {name} in {self.path}; `python main.py list` shows who is.")
            self._rows("DELETE FROM person WHERE name = ?", normalize_name(name))
        self._rows("VACUUM")
        return int(count)

    def people(self) -> list[dict[str, Any]]:
        """Who is enrolled, by name: `name`, `photos`, `embedder` and `last added` (UTC, ISO 8601)."""
        columns = "name, COUNT(*), GROUP_CONCAT(DISTINCT embedder), MAX(added)"
        rows = self._rows(f"SELECT {columns} {_JOINED} GROUP BY name ORDER BY name")
        return [dict(zip(("name", "photos", "embedder", "last added"), row, strict=True)) for row in rows]

    def embeddings(self, embedder: str) -> tuple[list[str], np.ndarray]:
        """The names and embeddings, float32 [N, D], of all photos enrolled with this embedder."""
        rows = self._rows(f"SELECT name, embedding {_JOINED} WHERE embedder = ? ORDER BY photo.id", embedder)
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
