"""A table beside the files is read as people save it, and refused in one sentence."""

from pathlib import Path

import pytest

from shared.data.index import read_index
from shared.errors import UserError


def test_the_table_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_bytes("\ufeffid,group\r\na.png,Jörg\r\nb.png\r\nc.png,Bo,more\r\n".encode())
    assert read_index(path, ["id", "group"]) == [
        {"id": "a.png", "group": "Jörg"},
        {"id": "b.png", "group": ""},
        {"id": "c.png", "group": "Bo"},
    ]
    for separator in (";", "\t"):
        path.write_text(f"id{separator}group\na.png{separator}Bo\n")
        assert read_index(path, ["id", "group"]) == [{"id": "a.png", "group": "Bo"}]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfsep=;\r\nid;group\r\na.png;Bo\r\n",  # Excel's own line
        b"sep=\t\nid\tgroup\na.png\tBo\n",
        b'id, group\n"a.png", "Bo"\n',
        b"id ,group \na.png,Bo\n",
        b"id|group\na.png|Bo\n",
        "id\tgroup\r\na.png\tBo\r\n".encode("utf-16"),  # Excel's "Unicode text"
        "id\tgroup\r\na.png\tBo\r\n".encode("utf-16-le"),
        "id,group\na.png,Bo\n".encode("utf-16-be"),
    ],
)
def test_what_programs_make_of_a_table_is_understood(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_bytes(content)
    assert read_index(path, ["id", "group"]) == [{"id": "a.png", "group": "Bo"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,group\na.png,Jörg\n".encode("latin-1"), r"index\.csv is not UTF-8 \(the byte 0xf6 .*; save it as UTF-8"),
        (
            b"id,groups\na.png,Bo\n",
            r"index\.csv has no column group, but 'id', 'groups'; add it; did you mean groups\?",
        ),
        (b"a.png,Bo\nb.png,Bo\n", r"has no header: .* names the columns \(id,group\)"),
        (b"", r"index\.csv has nothing in its first line"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_index(path, ["id", "group"])
