"""Verified downloads that resume, which pooch's do not: it begins an interrupted one again."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from shared.console import track
from shared.errors import UserError
from shared.files import file_digest

CONNECT_TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 1 << 20


class DownloadError(Exception):
    """No mirror could be reached; the message is one sentence that says why."""


def download(urls: Sequence[str], path: Path, digest: str) -> None:
    """Fetch a file from the first mirror that responds, unless it is there already.

    The bytes gather in `<path>.part`, from which an interrupted download resumes. Only a file whose digest is right
    is moved onto `path`.

    Args:
        urls: the same file on several mirrors, `http(s)`.
        digest: its published SHA-256 or MD5 in hex (MD5 guards against damage only).

    Raises:
        DownloadError: no mirror responds.
        UserError: a mirror sends other bytes, or the folder cannot be written.
    """
    algorithm = "sha256" if len(digest) == 64 else "md5"
    if path.exists() and file_digest(path, algorithm) == digest:
        return
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(url, part)
        except (urllib.error.URLError, TimeoutError, http.client.HTTPException, ConnectionError) as error:
            cause = getattr(error, "reason", error)
            reasons.append(str(getattr(cause, "strerror", None) or cause or type(error).__name__))
            continue
        except OSError as error:
            raise UserError(f"cannot write {part}: {error.strerror}; free some space or set --data.root.") from error
        if file_digest(part, algorithm) == digest:
            part.replace(path)
            return
        part.unlink()
        reasons.append("damaged download")
    if "damaged download" in reasons:
        kind = "SHA-256" if algorithm == "sha256" else "MD5"
        raise UserError(
            f"{urls[0]} arrived damaged (its {kind} is not {digest}); try again, or put a good copy at {path}."
        )
    raise DownloadError(f"no mirror of {path.name} answered ({'; '.join(dict.fromkeys(reasons))})")


def reachable(url: str) -> bool:
    """Whether a server responds within seconds; the libraries that download from it would try for minutes."""
    try:
        urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True


def _fetch(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is missing beyond what lies in `.part`
            return
        raise
    with response:
        resumed = response.status == 206
        have = have if resumed else 0
        total = int(response.headers.get("Content-Length", 0)) + have
        chunks = iter(lambda: response.read(_CHUNK_BYTES), b"")
        title, done = f"download {part.stem}, MB", have // _CHUNK_BYTES
        with part.open("ab" if resumed else "wb") as file:
            for chunk in track(chunks, title, -(-total // _CHUNK_BYTES) or None, done):
                file.write(chunk)
    if total and part.stat().st_size < total:
        raise ConnectionError("the connection broke off")
