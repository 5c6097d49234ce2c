"""The gallery loses nothing, forgets what it should, and finds exactly."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.errors import UserError
from src.config import PROJECT
from src.gallery import Gallery
from src.search import Search

EMBEDDER = "network-1"


def faces(count: int, seed: int = 0, dimensions: int = 128) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def digests(count: int, start: int = 0) -> list[str]:
    return [f"photo {start + number}" for number in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "gallery.sqlite"


def test_what_was_enrolled_is_there_after_closing(path: Path) -> None:
    rows = faces(3)
    with Gallery(path) as gallery:
        assert gallery.enroll("Ann", EMBEDDER, rows[:2], digests(2)) == 2
        assert gallery.enroll("Bo", EMBEDDER, rows[2:], digests(1, 2)) == 1
    with Gallery(path) as gallery:
        people = [(one["name"], one["photos"], one["embedder"]) for one in gallery.people()]
        assert people == [("Ann", 2, EMBEDDER), ("Bo", 1, EMBEDDER)]
        names, stored = gallery.embeddings(EMBEDDER)
    assert names == ["Ann", "Ann", "Bo"]
    np.testing.assert_array_equal(stored, rows)


def test_a_photo_is_enrolled_once_and_one_of_someone_else_undoes_the_whole_enrollment(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.enroll("Ann", EMBEDDER, faces(2), digests(2))
        assert gallery.enroll("Ann", EMBEDDER, faces(3), digests(3)) == 1
        with pytest.raises(UserError, match="a photo of Bo is enrolled as Ann already"):
            gallery.enroll("Bo", EMBEDDER, faces(2), ["new", *digests(1)])
        assert [(one["name"], one["photos"]) for one in gallery.people()] == [("Ann", 3)]


def test_embeddings_of_other_embedders_are_never_given(path: Path) -> None:
    with Gallery(path) as gallery:
        gallery.enroll("Ann", EMBEDDER, faces(1), digests(1))
        gallery.enroll("Ann", "network-2", faces(1, seed=1), digests(1))
        assert gallery.embeddings("network-3")[0] == []
        np.testing.assert_array_equal(gallery.embeddings("network-2")[1], faces(1, seed=1))
        assert gallery.count_others("network-2") == 1


def test_forgetting_leaves_no_byte_of_a_person(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*arguments: Any, **options: Any) -> sqlite3.Connection:  # as SQLite is built in some places
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", careless)
    rows = faces(40)
    with Gallery(path) as gallery:
        gallery.enroll("Ann Unforgettable", EMBEDDER, rows[:20], digests(20))
        gallery.enroll("Bo", EMBEDDER, rows[20:], digests(20, 20))
        assert gallery.forget("Ann Unforgettable") == 20
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Unforgettable" not in content
    assert not any(row.tobytes()[:32] in content for row in rows[:20])
    assert all(row.tobytes()[:32] in content for row in rows[20:])
    with Gallery(path) as gallery, pytest.raises(UserError, match="there is no Ann Unforgettable in"):
        gallery.forget("Ann Unforgettable")


ENDLESS_ENROLLMENT = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
from src.gallery import Gallery
with Gallery(Path(sys.argv[2])) as gallery:
    print("open", flush=True)
    for person in range(10**6):
        rows = np.full((50, 128), person, np.float32)
        gallery.enroll(f"person {person}", "network-1", rows, [f"{person} {photo}" for photo in range(50)])
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("seconds", [0.05, 0.23])
def test_a_kill_in_the_middle_of_enrollment_leaves_whole_people(path: Path, seconds: float) -> None:
    command = [sys.executable, "-c", ENDLESS_ENROLLMENT, PROJECT, path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Gallery(path) as gallery:
        people = gallery.people()
        assert all(one["photos"] == 50 for one in people)
        gallery.enroll("after", EMBEDDER, faces(1), ["after"])
        assert len(gallery.people()) == len(people) + 1


def test_a_file_that_is_no_gallery_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 100)
    with pytest.raises(UserError, match="cannot use the gallery"):
        Gallery(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE things (id INTEGER)")
    with pytest.raises(UserError, match="is no gallery of this program's version"):
        Gallery(tmp_path / "other.sqlite")


def test_the_version_changes_when_another_connection_writes(path: Path) -> None:
    with Gallery(path) as reader, Gallery(path) as writer:
        before = reader.version
        writer.enroll("Ann", EMBEDDER, faces(1), digests(1))
        assert reader.version != before


def test_the_nearest_people_come_in_order_each_once() -> None:
    rows = faces(6)
    search = Search(["Ann", "Ann", "Bo", "Cy", "Di", "Bo"], rows, approximate_above=10)
    found = search.nearest(rows[2], count=3)
    assert found[0]["name"] == "Bo"
    assert found[0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert len({match["name"] for match in found}) == 3
    similarities = [match["similarity"] for match in found]
    assert similarities == sorted(similarities, reverse=True)


def test_nobody_is_near_in_an_empty_gallery() -> None:
    assert Search([], np.empty((0, 0), np.float32), 10).nearest(faces(1)[0]) == []


def test_the_approximate_index_finds_what_the_exact_search_finds() -> None:
    centers = faces(400)
    rows = centers.repeat(10, 0) + 0.03 * np.random.default_rng(1).normal(size=(4000, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [f"person {number // 10}" for number in range(4000)]
    exact, approximate = Search(names, rows, 4000), Search(names, rows, 3999)
    assert exact.exact
    assert not approximate.exact
    asked = rows[::100] + 0.03 * faces(40, seed=2)
    same = [exact.nearest(face, 1)[0]["name"] == approximate.nearest(face, 1)[0]["name"] for face in asked]
    assert np.mean(same) > 0.97


def test_a_name_that_looks_the_same_is_the_same_person(path: Path) -> None:
    with Gallery(path) as gallery:
        for number, name in enumerate(("Cem \u00d6z", "Cem O\u0308z", "Cem  \u00d6z ")):
            gallery.enroll(name, EMBEDDER, faces(1, seed=number), digests(1, number))
        assert [(one["name"], one["photos"]) for one in gallery.people()] == [("Cem \u00d6z", 3)]
        assert gallery.forget("Cem O\u0308z") == 3
        assert gallery.people() == []
