"""A small HTTP server around one function from bytes to an answer."""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from shared.console import say, warn
from shared.errors import UserError
from shared.serving.settings import ServeConfig


def make_app(
    title: str, about: Mapping[str, Any], answer: Callable[[bytes], dict[str, Any]], settings: ServeConfig
) -> FastAPI:
    """An application with `POST /predict` (the body is the input, as raw bytes), `GET /model` and `GET /healthz`.

    Args:
        about: the facts that the exported network carries.
        answer: from the body to the answer; it is called in a worker thread.
    """
    app = FastAPI(title=title, docs_url="/docs", redoc_url=None)

    @app.post("/predict", openapi_extra=_RAW_BODY)
    async def predict(request: Request) -> dict[str, Any]:
        body = await _limited_body(request, settings.max_body_bytes)
        if not body:
            raise HTTPException(400, "the request has no body; send a picture file as the body")
        return await run_in_threadpool(answer, body)

    @app.get("/model")
    def model() -> dict[str, Any]:
        return dict(about)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


def run_app(app: FastAPI, settings: ServeConfig) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        UserError: the address is taken or is none of this machine's.
    """
    listener = _listen(settings)
    host, port = listener.getsockname()[:2]
    if not ipaddress.ip_address(host).is_loopback:
        warn(f"listening at {host}: everyone who reaches this machine can use the server.")
    say(f"serve: http://{host}:{port} (try http://{host}:{port}/docs; stop with Ctrl-C)")
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_keep_alive=5))
    server.run(sockets=[listener])


def _listen(settings: ServeConfig) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise UserError(
            f"cannot listen at {settings.host}:{settings.port} ({error.strerror}); choose another --serve.port."
        ) from error


async def _limited_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, f"the body is larger than the {limit:,} bytes allowed")
    return bytes(body)


_RAW_BODY = {
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
