"""Who may send requests: the key, the host name, the site of the page. It also counts every request."""

import asyncio
import hmac
import re
import time
from collections.abc import Collection, Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import UserError
from shared.serving.metrics import ServerMetrics
from shared.serving.settings import ServeConfig, is_loopback

SHORTEST_KEY = 16
HOST = re.compile(r"\[?(?P<name>[^\[\]/@]+?)\]?(:\d*)?")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}  # browsers leave them out, some proxies do not
HEALTH = ("/healthz", "/readyz")  # probes name an address as the host, or none


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

    Starlette's TrustedHostMiddleware looks at the host alone, not at the origin; its CORSMiddleware tells browsers
    which pages may read the responses, and keeps no page from asking.
    """

    def __init__(self, app: ASGIApp, settings: ServeConfig, metrics: ServerMetrics, unlocked: Collection[str]) -> None:
        """Guard `app`; the paths `unlocked` need no key."""
        self._app, self._metrics, self._unlocked = app, metrics, frozenset(unlocked)
        self._key, self._origins = read_key(settings), frozenset(settings.allowed_origins)
        self._hosts = {host.lower() for host in (*settings.allowed_hosts, settings.host, "localhost")}
        # Open to other machines, the server has a key, which no page knows, and may have any name.
        self._checks_hosts = not self._key or is_loopback(settings.host) or bool(settings.allowed_hosts)
        self._inner: ASGIApp = self._with_key
        if self._origins:
            self._inner = CORSMiddleware(
                self._with_key,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "HEAD", "POST"],
                allow_headers=["*"],
                expose_headers=["Retry-After"],
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # uvicorn sends no body, as its own scope says HEAD

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await (self._refusal(scope) or self._inner)(scope, receive, send_and_note)
        except asyncio.CancelledError:  # by a second Ctrl-C
            if not status:
                await refusal(503, "the server was stopped", {"Connection": "close"})(scope, receive, send_and_note)
        finally:
            # Known paths only: Prometheus keeps every path that it was ever given.
            path = scope["path"] if "endpoint" in scope else "other"
            self._metrics.count(path, status or 500, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = {name: value.decode("latin-1").lower() for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        # A page of any site can make a browser on this machine send requests to a server on this machine: by its
        # address, which the origin gives away, or under the site's own name that points here (DNS rebinding).
        if origin is not None and origin not in self._origins and not _same_site(origin, host):
            return refusal(403, "pages of other sites may not use this server, unless serve.allowed_origins names them")
        # Every browser sends a host.
        if self._checks_hosts and host and scope["path"] not in HEALTH and not self._is_known(host):
            return refusal(403, "this server answers to localhost, 127.0.0.1 and the names in serve.allowed_hosts only")
        return None

    def _is_known(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        name = found["name"] if found else ""
        return name in self._hosts or is_loopback(name)

    async def _with_key(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._key and scope["path"] not in self._unlocked:
            given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            scheme, _, key = given.partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(key.strip(), self._key):
                detail = "send the server's key: Authorization: Bearer <key>"
                await refusal(401, detail, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _same_site(origin: str, host: str) -> bool:
    """Whether the page comes from this server; a sandboxed page has the origin `null`."""
    scheme, _, site = origin.partition("://")
    return bool(site) and site == host.removesuffix(DEFAULT_PORTS.get(scheme, ""))


def refusal(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A response in the one form that refusals have; it is an ASGI application too."""
    return JSONResponse({"detail": detail}, status, headers)
