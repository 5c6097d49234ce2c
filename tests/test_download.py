"""Downloads: verified, resumed, never half there. The mirrors are servers on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from shared.data.download import DownloadError, download
from shared.errors import UserError

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()
UNREACHABLE = "http://127.0.0.1:9/file"


class Mirror(BaseHTTPRequestHandler):
    """Serves CONTENT at /good (with ranges), other bytes at /damaged, and half of it at /broken."""

    ranges: list[str] = []  # noqa: RUF012 - one server a test

    def do_GET(self) -> None:
        start = 0
        if asked := self.headers.get("Range"):
            self.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if self.path == "/missing":
            self.send_error(404)
            return
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        body = b"x" * (len(CONTENT) - start) if self.path == "/damaged" else CONTENT[start:]
        self.wfile.write(body[: len(body) // 2] if self.path == "/broken" else body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def mirror() -> Iterator[str]:
    Mirror.ranges = []
    server = HTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_first_mirror_that_answers_is_used(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.gz"
    download([UNREACHABLE, f"{mirror}/missing", f"{mirror}/good"], path, MD5)
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["file.gz"]
    download([UNREACHABLE], path, MD5)  # what is there and right is not fetched again


def test_a_broken_connection_is_gone_on_with(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    with pytest.raises(DownloadError):
        download([f"{mirror}/broken"], path, MD5)
    assert not path.exists()
    download([f"{mirror}/good"], path, MD5)
    assert path.read_bytes() == CONTENT
    assert Mirror.ranges == [f"bytes={len(CONTENT) // 2}-"]
    path.rename(tmp_path / "file.gz.part")
    download([f"{mirror}/good"], path, MD5)  # a whole part file is used
    assert path.read_bytes() == CONTENT


def test_no_network_and_no_space_are_one_sentence(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"no mirror of file\.gz answered \(Connection refused\)"):
        download([UNREACHABLE], tmp_path / "file.gz", MD5)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write .*; free some space or set --data.root"):
        download([f"{mirror}/good"], tmp_path / "file" / "mnist.gz", MD5)


def test_damaged_bytes_are_refused_and_removed_and_a_sha256_is_told_by_its_length(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/damaged arrived damaged .*; try again, or put a good copy at .*file\.gz\.$"):
        download([f"{mirror}/damaged"], tmp_path / "file.gz", MD5)
    assert not list(tmp_path.iterdir())
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    download([f"{mirror}/good"], tmp_path / "file.gz", sha256)
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    with pytest.raises(UserError, match=f"its SHA-256 is not {sha256}"):
        download([f"{mirror}/damaged"], tmp_path / "other.gz", sha256)
