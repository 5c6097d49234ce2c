"""Servers that run in threads beside a test."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.staticfiles import StaticFiles

from shared.serving.backend import LocalBackend
from shared.serving.server import make_app, uvicorn_config
from shared.serving.service import Service
from shared.serving.settings import ServeConfig


def serving(service: Service, **settings: Any) -> AbstractContextManager[str]:
    """The address of a server for the service, which computes in this process too."""
    config = ServeConfig(**settings)
    return _running(uvicorn_config(make_app(service, config, LocalBackend(service, config)), config))


def file_server(folder: Path) -> AbstractContextManager[str]:
    """The address of a plain server for the files of a folder."""
    return _running(uvicorn.Config(StaticFiles(directory=folder, html=True), log_level="warning"))


@contextmanager
def _running(config: uvicorn.Config) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
