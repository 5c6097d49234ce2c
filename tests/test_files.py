"""Files are whole or not there."""

import os
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.files import atomic_write, file_digest, read_json, require_writable, write_json, write_text


def test_an_error_while_writing_leaves_the_former_file_and_no_remains(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "before")

    def interrupted() -> None:
        with atomic_write(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_json_comes_back_or_says_what_to_do(tmp_path: Path) -> None:
    content = {"ä": [1, 2.5, None], "file": os.fsdecode(b"photo_\xe4.png")}
    write_json(tmp_path / "new" / "a.json", content)
    assert read_json(tmp_path / "new" / "a.json", "") == content
    (tmp_path / "bad.json").write_text("{")
    for name in ("missing.json", "bad.json"):
        with pytest.raises(UserError, match=rf"{name}.*; run it again\.$"):
            read_json(tmp_path / name, "run it again")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write .*; make room or give access, or choose another folder"):
        require_writable(tmp_path / "file" / "outputs")


def test_a_full_disk_is_one_sentence_and_keeps_the_former_file(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    path = tmp_path / "model.bin"
    write_text(path, "before")

    def filling_the_disk() -> None:
        with atomic_write(path) as file:
            os.dup2(os.open("/dev/full", os.O_WRONLY), file.fileno())
            file.write(b"x" * 100_000)

    with pytest.raises(UserError, match="No space left on device"):
        filling_the_disk()
    assert path.read_text() == "before"


def test_digest_is_the_published_one_of_a_known_text(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_digest(tmp_path / "abc").startswith("ba7816bf8f01cfea")
    assert file_digest(tmp_path / "abc", "md5") == "900150983cd24fb0d6963f7d28e17f72"
