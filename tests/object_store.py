"""A server on this machine that gives objects as S3 does, for tests of packed data sets."""

import http.server
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ObjectStore(http.server.BaseHTTPRequestHandler):
    """Objects of a folder by GET with Range."""

    folder: Path
    address: str
    asked: list[tuple[str, str]]
    """The name and the range of each request."""
    broken = 0
    """The number of answers from now on that break off in the middle."""

    def do_GET(self) -> None:
        file = self.folder / urllib.parse.unquote(self.path).lstrip("/")
        span = self.headers.get("Range", "")
        type(self).asked.append((file.name, span))
        if not file.is_file():
            self.send_error(404, "Not Found")
            return
        content = file.read_bytes()
        first, _, last = span.removeprefix("bytes=").partition("-")
        content = content[int(first) : int(last) + 1] if span else content
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if type(self).broken:
            type(self).broken -= 1
            content = content[: len(content) // 2]  # and the connection is closed
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(bucket: Path) -> Iterator[type[ObjectStore]]:
    """Serve a folder as a bucket of its name."""

    class Own(ObjectStore):
        folder, asked = bucket.parent, []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        Own.address = f"http://127.0.0.1:{running.server_port}"
        yield Own
        running.shutdown()
