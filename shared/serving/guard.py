"""Who may ask: the key, the name the server was called by, the site that asked. And the count of every request."""

import hmac
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from fastapi.responses import JSONResponse

from shared.errors import UserError
from shared.serving.figures import Figures
from shared.serving.listening import is_loopback
from shared.serving.settings import ServeConfig

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SHORTEST_KEY = 16
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def read_key(settings: ServeConfig) -> bytes | None:
    """The key that requests must carry, if any.

    Raises:
        UserError: its file cannot be read, or the key is too short.
    """
    path = settings.api_key_file
    if path is None:
        return None
    try:
        key = path.read_text(encoding="utf-8-sig").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read serve.api_key_file {path}; name a text file that holds the key.") from error
    if len(key) < SHORTEST_KEY:
        raise UserError(f"the key in {path} has {len(key)} characters; use {SHORTEST_KEY} or more, drawn at random.")
    return key.encode()


class Guard:
    """Stands before the application (ASGI): refuses who may not ask, and counts every request."""

    def __init__(
        self, app: App, settings: ServeConfig, key: bytes | None, figures: Figures, open_paths: Collection[str]
    ) -> None:
        """Guard `app`; `open_paths` need no key."""
        self._app = app
        self._key = key
        self._figures = figures
        self._open = frozenset(open_paths)
        self._local_only = is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await (self._refusal(scope) or self._app)(scope, receive, noting)
        finally:
            path = (
                scope["path"] if "endpoint" in scope else "other"
            )  # known paths only: a label a path is kept for ever
            self._figures.request(path, status, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> App | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        # A page of any site can have this machine's browser ask a server on this machine: by its address, which the
        # origin gives away, or under a name of its own that it points here (DNS rebinding).
        if origin is not None and _parts(origin).netloc != host:
            return refusal(403, "pages of other sites may not ask this server")
        if self._local_only and _parts(f"//{host}").hostname not in LOCAL_NAMES:
            return refusal(403, "this server answers to localhost and 127.0.0.1 only")
        if self._key and scope["path"] not in self._open:
            given = headers.get(b"authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, b"Bearer " + self._key):
                detail = "send the server's key: Authorization: Bearer <key>"
                return refusal(401, detail, {"WWW-Authenticate": "Bearer"})
        return None


def _parts(url: str) -> SplitResult:
    """The parts of an address; those of a damaged one are empty."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def refusal(status: int, detail: str, headers: Mapping[str, str] | None = None) -> App:
    """An answer in the one form that refusals have."""
    return JSONResponse({"detail": detail}, status, headers)
