"""The HTTP server of every project: items in batches, facts, health, metrics, and a page for people."""

import asyncio
import json
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.console import log
from shared.serving.backend import Backend, Failure, Result
from shared.serving.batching import Batcher, BusyError, Job
from shared.serving.connections import PatientServer, PromptProtocol
from shared.serving.guard import Guard, refusal
from shared.serving.interface import request_body, responses
from shared.serving.metrics import ServerMetrics
from shared.serving.pages import add_page, page_files
from shared.serving.reading import ParsedRequest, Reader, busy
from shared.serving.service import EXAMPLES_FILE, Endpoint, RefusedError, Service
from shared.serving.settings import ServeConfig, network_location

Handler = Callable[[Request], Awaitable[Response]]
SWITCH_SECONDS = 2e-4  # until a waiting thread gets its turn; Python's 5e-3 is as long as a batch takes
SAFE_HEADERS = [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]


def make_app(service: Service, settings: ServeConfig, backend: Backend) -> ASGIApp:
    """The application: `POST /<endpoint>` for each, `/model`, `/healthz`, `/readyz`, `/metrics`, `/openapi.json`, `/`.

    Args:
        backend: computes the results; it is called from one thread.

    Raises:
        UserError: the key's file cannot be used.
    """
    batcher = Batcher(settings.max_waiting, backend)
    # The interactive pages of FastAPI load their scripts from other servers.
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None)
    reader, handlers = Reader(settings), dict[str, Handler]()
    for endpoint in service.endpoints:
        handlers[f"/{endpoint.name}"] = handler = _handler(endpoint, reader, batcher)
        app.post(  # for /openapi.json alone
            f"/{endpoint.name}",
            summary=endpoint.summary,
            operation_id=endpoint.name,
            responses=responses(endpoint),
            openapi_extra={"requestBody": request_body(endpoint, settings.max_elements)},
        )(handler)
    metrics = ServerMetrics(batcher)
    _add_facts(app, backend, batcher, metrics)
    if service.network_dir:
        _add_examples(app, service.network_dir / EXAMPLES_FILE)
    page = add_page(app, page_files(service.page)) if service.page else []
    return Guard(_dispatch(app, handlers), settings, metrics, unlocked={"/healthz", "/readyz", *page})


def uvicorn_config(app: ASGIApp, settings: ServeConfig) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing here uses the client's address
        headers=SAFE_HEADERS,
        limit_concurrency=settings.max_connections + 1,  # uvicorn refuses at its limit, not above
        timeout_keep_alive=5,
        timeout_graceful_shutdown=round(settings.deadline) + 1,
    )


def run_app(app: ASGIApp, listener: socket.socket, settings: ServeConfig) -> None:
    """Serve until SIGINT or SIGTERM; requests that came before still get their responses."""
    server = PatientServer(uvicorn_config(app, settings))
    # A signal that comes before uvicorn listens to signals ends the server as it starts. Later uvicorn passes a signal
    # on after the last response; the server then ends with exit code 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    # The batcher's thread waits for the process that computes, and must get its turn soon after.
    sys.setswitchinterval(SWITCH_SECONDS)
    host, port = listener.getsockname()[:2]
    log.info(f"serve: http://{network_location(host, port)} (open it in a browser; stop with Ctrl-C)")
    server.run(sockets=[listener])
    if server.cut_off:
        log.warning(f"serve: stopped; requests that got no result: {len(server.cut_off)}.")
    else:
        log.info("serve: stopped; every request got its response.")


def _dispatch(app: ASGIApp, handlers: Mapping[str, Handler]) -> ASGIApp:
    """Call the endpoints' handlers by path without FastAPI, whose layers take longer than a small network."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        handler = handlers.get(scope["path"]) if scope["type"] == "http" else None
        if handler is None:
            await app(scope, receive, send)
            return
        scope["endpoint"] = handler
        try:
            if scope["method"] != "POST":
                raise HTTPException(405, "Method Not Allowed", {"Allow": "POST"})
            response = await handler(Request(scope, receive))
        except HTTPException as error:
            response = refusal(error.status_code, error.detail, error.headers)
        await response(scope, receive, send)

    return dispatch


def _handler(endpoint: Endpoint, reader: Reader, batcher: Batcher) -> Handler:
    seconds = reader.settings.deadline

    async def handle(request: Request) -> Response:
        deadline, job = time.monotonic() + seconds, None
        if batcher.full:
            raise busy("too much is waiting")
        with reader.limited(request) as limited:
            try:
                async with asyncio.timeout(seconds):
                    parsed = await reader.parse(limited, endpoint, deadline)
                    job = batcher.submit(endpoint, parsed.items)
                    return _response(parsed, await job.results)
            except BusyError:
                raise busy("too much is waiting") from None
            except TimeoutError:
                raise _late(job) from None

    return handle


def _late(job: Job | None) -> HTTPException:
    """How far the request got by the deadline."""
    if job is None:
        return HTTPException(408, "the body did not arrive in time", {"Connection": "close"})
    if job.started:
        return HTTPException(504, "the computation took longer than the deadline allows")
    return HTTPException(503, "the deadline passed while the request waited", {"Retry-After": "1"})


def _response(parsed: ParsedRequest, results: list[Result]) -> Response:
    first = results[0]
    if parsed.is_raw and not isinstance(first, bytes):
        raise HTTPException(422 if isinstance(first, RefusedError) else 500, _why(first))
    parts = [one if isinstance(one, bytes) else json.dumps({"error": _why(one)}).encode() for one in results]
    body = parts[0] if parsed.is_raw else b'{"results": [' + b", ".join(parts) + b"]}"
    return Response(body, media_type="application/json")


def _why(failure: Failure) -> str:
    return str(failure) if isinstance(failure, RefusedError) else "an error of the server; its log says more"


def _add_facts(app: FastAPI, backend: Backend, batcher: Batcher, metrics: ServerMetrics) -> None:
    @app.get("/model", summary="The facts that the exported network carries")
    async def model() -> dict[str, Any]:
        return dict(backend.metadata)

    @app.get("/healthz", summary="Whether the process runs")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it takes requests now", responses={503: {"description": "It does not."}})
    async def readyz() -> JSONResponse:
        ready = batcher.alive and not batcher.full
        return JSONResponse({"status": "ready" if ready else "busy"}, 200 if ready else 503)

    @app.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _add_examples(app: FastAPI, path: Path) -> None:
    # Unlike the page, they are data, and need the key.
    @app.get(f"/{EXAMPLES_FILE}", summary="What the page offers to click")
    def examples() -> Response:
        content = path.read_bytes() if path.is_file() else b"[]"
        return Response(content, media_type="application/json")
