"""The HTTP server of every project: items in batches, facts, health, figures, and a page for people."""

import asyncio
import json
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from shared.console import log
from shared.serving.answering import Answer, Result
from shared.serving.batching import Batcher, BusyError, Job
from shared.serving.connections import PromptProtocol
from shared.serving.figures import Figures
from shared.serving.guard import App, Guard, Receive, Scope, Send, read_key, refusal
from shared.serving.interface import operation
from shared.serving.pages import add_page, page_files
from shared.serving.reading import ParsedRequest, Reader, busy
from shared.serving.service import Endpoint, RefusedError, Service
from shared.serving.settings import ServeConfig

Handler = Callable[[Request], Awaitable[Response]]
SECONDS_OF_A_TURN = 2e-4  # of a thread, where another waits; Python's 5e-3 is as long as a batch takes
SAFE_HEADERS = [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]


def make_app(service: Service, settings: ServeConfig, answer: Answer) -> App:
    """The application: `POST /<endpoint>` for each, `/model`, `/healthz`, `/readyz`, `/metrics`, `/openapi.json`, `/`.

    Args:
        answer: asked about the service's endpoints, from one thread.

    Raises:
        UserError: the key's file cannot be used.
    """
    batcher = Batcher(settings.max_waiting, answer)
    # The interactive pages of FastAPI load their scripts from other servers.
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None)
    reader = Reader(settings)
    handlers = {f"/{endpoint.name}": _handler(endpoint, reader, batcher) for endpoint in service.endpoints}
    figures = Figures(batcher)
    _add_facts(app, service, batcher, figures)
    page = add_page(app, page_files(service.page)) if service.page else []
    open_paths = {"/healthz", "/readyz", *page}
    described = _described(app, service, settings)
    app.openapi = lambda: described  # type: ignore[method-assign]
    # Outside of FastAPI, whose layers take longer than a small network.
    return Guard(Endpoints(app, handlers), settings, read_key(settings), figures, open_paths)


def uvicorn_config(app: App, settings: ServeConfig) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing here looks at whom a proxy asks for
        headers=SAFE_HEADERS,
        limit_concurrency=settings.max_connections + 1,  # it refuses at its limit, not above
        timeout_keep_alive=5,
        timeout_graceful_shutdown=round(settings.deadline) + 1,
    )


def run_app(app: App, listener: socket.socket, settings: ServeConfig) -> None:
    """Serve until SIGINT or SIGTERM; what was asked before is still answered."""
    server = uvicorn.Server(uvicorn_config(app, settings))

    # Before uvicorn listens to signals, one ends the server as it starts. Afterwards uvicorn passes them on, once all
    # is answered; a server that was asked to end and did has not failed.
    def end(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    # The thread of the batches waits in between for the process that computes; it must get its turn soon after.
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    host, port = listener.getsockname()[:2]
    log.info(f"serve: http://{host}:{port} (open it in a browser; stop with Ctrl-C)")
    server.run(sockets=[listener])
    log.info("serve: stopped; everything that was asked has been answered.")


class Endpoints:
    """Answers the endpoints before FastAPI's own routes (ASGI)."""

    def __init__(self, app: App, handlers: Mapping[str, Handler]) -> None:
        """Stand before `app`; `handlers` are by path."""
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to an endpoint, or pass it on."""
        handler = self._handlers.get(scope["path"]) if scope["type"] == "http" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = handler
        try:
            if scope["method"] != "POST":
                raise HTTPException(405, "Method Not Allowed", {"Allow": "POST"})
            response: App = await handler(Request(scope, receive))
        except HTTPException as error:
            response = refusal(error.status_code, error.detail, error.headers)
        await response(scope, receive, send)


def _handler(endpoint: Endpoint, reader: Reader, batcher: Batcher) -> Handler:
    seconds = reader.settings.deadline

    async def answer(request: Request) -> Response:
        deadline, job = time.monotonic() + seconds, None
        if batcher.full:
            raise busy("too much is waiting")
        with reader.holding() as sizes:
            try:
                async with asyncio.timeout(seconds):
                    asked = await reader.asked(request, await reader.body(request, sizes), endpoint, deadline)
                    job = batcher.submit(endpoint, asked.items)
                    return _response(asked, await job.results)
            except BusyError:
                raise busy("too much is waiting") from None
            except TimeoutError:
                raise _late(job) from None

    answer.__name__ = endpoint.name
    return answer


def _late(job: Job | None) -> HTTPException:
    """What to say after the deadline: by how far the request had come."""
    if job is None:
        return HTTPException(408, "the body did not arrive in time", {"Connection": "close"})
    if job.started:
        return HTTPException(504, "the answer took longer than the deadline allows")
    return HTTPException(503, "the deadline passed while the request waited", {"Retry-After": "1"})


def _response(asked: ParsedRequest, results: list[Result]) -> Response:
    if not asked.alone:
        parts = [found if isinstance(found, bytes) else _error(found) for found in results]
        return Response(b'{"answers": [' + b", ".join(parts) + b"]}", media_type="application/json")
    found = results[0]
    if isinstance(found, bytes):
        return Response(found, media_type="application/json")
    if isinstance(found, RefusedError):
        raise HTTPException(422, str(found))
    raise HTTPException(500, "an error of the server; its log says more")


def _error(found: Exception) -> bytes:
    text = str(found) if isinstance(found, RefusedError) else "an error of the server; its log says more"
    return json.dumps({"error": text}).encode()


def _described(app: FastAPI, service: Service, settings: ServeConfig) -> dict[str, Any]:
    """The interface for OpenAPI: what FastAPI knows, and the endpoints."""
    endpoints = {
        f"/{endpoint.name}": {"post": operation(endpoint, settings.max_elements)} for endpoint in service.endpoints
    }
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    return schema | {"paths": endpoints | schema["paths"]}


def _add_facts(app: FastAPI, service: Service, batcher: Batcher, figures: Figures) -> None:
    @app.get("/model", summary="The facts that the exported network carries")
    async def model() -> dict[str, Any]:
        return dict(service.metadata)

    @app.get("/healthz", summary="Whether the process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it takes requests now", responses={503: {"description": "It does not."}})
    async def readyz() -> JSONResponse:
        ready = batcher.alive and not batcher.full
        return JSONResponse({"status": "ready" if ready else "busy"}, 200 if ready else 503)

    @app.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(figures.text(), media_type=CONTENT_TYPE_LATEST)
