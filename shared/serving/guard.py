"""Who may send requests: the key, the host name, the site of the page. It also counts every request."""

import hmac
import re
import time
from collections.abc import Collection, Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import UserError
from shared.serving.metrics import ServerMetrics
from shared.serving.settings import ServeConfig, is_loopback

SHORTEST_KEY = 16
LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d*)?", re.IGNORECASE)


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
    """ASGI middleware that refuses requests that are not allowed, and counts all requests.

    Starlette's TrustedHostMiddleware looks at the host alone, not at the origin.
    """

    def __init__(self, app: ASGIApp, settings: ServeConfig, metrics: ServerMetrics, unlocked: Collection[str]) -> None:
        """Guard `app`; the paths `unlocked` need no key."""
        self._app, self._metrics, self._unlocked = app, metrics, frozenset(unlocked)
        self._key, self._local_only = read_key(settings), is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await (self._refusal(scope) or self._app)(scope, receive, send_and_note)
        finally:
            # Known paths only: Prometheus keeps every path that it was ever given.
            path = scope["path"] if "endpoint" in scope else "other"
            self._metrics.count(path, status, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        # A page of any site can make a browser on this machine send requests to a server on this machine: by its
        # address, which the origin gives away, or under the site's own name that points here (DNS rebinding).
        if origin is not None and origin.partition("://")[2] != host:
            return refusal(403, "pages of other sites may not use this server")
        if self._local_only and not LOCAL_HOST.fullmatch(host):
            return refusal(403, "this server answers to localhost and 127.0.0.1 only")
        if self._key and scope["path"] not in self._unlocked:
            given = headers.get(b"authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, b"Bearer " + self._key):
                detail = "send the server's key: Authorization: Bearer <key>"
                return refusal(401, detail, {"WWW-Authenticate": "Bearer"})
        return None


def refusal(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A response in the one form that refusals have; it is an ASGI application too."""
    return JSONResponse({"detail": detail}, status, headers)
