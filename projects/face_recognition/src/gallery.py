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

FORMAT_VERSION = 1
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


def is_name(name: str) -> bool:
    """Whether people can read it."""
    return bool(name.strip()) and name.isprintable()


def one_spelling(name: str) -> str:
    """A name as the gallery holds it: composed letters, single blanks; what looks the same is the same person."""
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
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            tables = self._connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
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
        name, now = one_spelling(name), datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction() as connection:
            exact = connection.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
            person, *_ = exact or self._people_called(name) or [None]
            person = person or connection.execute("INSERT INTO person (name) VALUES (?)", (name,)).lastrowid
            new = 0
            for embedding, digest in zip(embeddings, digests, strict=True):
                same_photo = (
                    "SELECT name FROM photo JOIN person ON person.id = person WHERE embedder = ? AND digest = ?"
                )
                owner = connection.execute(same_photo, (embedder, digest)).fetchone()
                if not owner:
                    row = (person, embedder, digest, now, embedding.astype("<f4").tobytes())
                    columns = "person, embedder, digest, added, embedding"
                    connection.execute(f"INSERT INTO photo ({columns}) VALUES (?, ?, ?, ?, ?)", row)
                    new += 1
                elif one_spelling(owner[0]) != name:
                    raise UserError(
                        f"a photo of {name} is enrolled as {owner[0]} already; forget one of the two first."
                    )
        return new

    def forget(self, name: str) -> int:
        """Delete a person and all embeddings for good; returns the number of photos. UserError: no such person."""
        name = one_spelling(name)
        with self._transaction() as connection:
            found = self._people_called(name)
            if not found:
                raise UserError(f"there is no {name} in {self.path}; `python main.py list` shows who is.")
            count = 0
            for person in found:
                count += connection.execute("SELECT COUNT(*) FROM photo WHERE person = ?", (person,)).fetchone()[0]
                connection.execute("DELETE FROM person WHERE id = ?", (person,))
        self._rows("VACUUM")
        return count

    def people(self) -> list[dict[str, Any]]:
        """Who is enrolled, by name: `name`, `photos`, `embedder` and `last added` (UTC, ISO 8601)."""
        rows = self._rows(
            "SELECT name, COUNT(*), GROUP_CONCAT(DISTINCT embedder), MAX(added) FROM person "
            "JOIN photo ON person.id = person GROUP BY name ORDER BY name"
        )
        return [
            {"name": name, "photos": photos, "embedder": ", ".join(sorted(embedders.split(","))), "last added": added}
            for name, photos, embedders, added in rows
        ]

    def embeddings(self, embedder: str) -> tuple[list[str], np.ndarray]:
        """The names and embeddings, float32 [N, D], of all photos enrolled with this embedder."""
        rows = self._rows(
            "SELECT name, embedding FROM photo JOIN person ON person.id = person WHERE embedder = ? ORDER BY photo.id",
            embedder,
        )
        if not rows:
            return [], np.empty((0, 0), np.float32)
        content = b"".join(row[1] for row in rows)
        return [row[0] for row in rows], np.frombuffer(content, "<f4").reshape(len(rows), -1)

    def count_others(self, embedder: str) -> int:
        """The number of photos enrolled with other embedders, which cannot be compared with this one's."""
        return int(self._rows("SELECT COUNT(*) FROM photo WHERE embedder != ?", embedder)[0][0])

    @property
    def version(self) -> tuple[int, int]:
        """Numbers of which one changes when anybody changes the file: another connection, or this one."""
        return int(self._rows("PRAGMA data_version")[0][0]), self._connection.total_changes

    def _people_called(self, name: str) -> list[int]:
        """The numbers of the people of that name; older galleries may hold it in several spellings."""
        rows = self._rows("SELECT id, name FROM person")
        return [number for number, stored in rows if one_spelling(stored) == name]

    def _rows(self, query: str, *values: str) -> list[Any]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), self._connection:  # commits, or rolls back after an error
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise UserError(
                f"cannot use the gallery {self.path} ({error}); give access, or choose another --gallery.file."
            ) from error
