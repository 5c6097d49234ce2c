"""The server answers, refuses what is too large, and stays on this machine."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import uvicorn

from shared.errors import UserError
from shared.serving.server import make_app, run_app
from shared.serving.settings import ServeConfig


def length(body: bytes) -> dict[str, object]:
    return {"length": len(body)}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = make_app("lengths", {"labels": ["a"]}, length, ServeConfig(max_body_bytes=1000))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def ask(url: str, body: bytes | None = None) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_answers(url: str) -> None:
    assert ask(f"{url}/predict", b"abc") == (200, {"length": 3})
    assert ask(f"{url}/model") == (200, {"labels": ["a"]})
    assert ask(f"{url}/healthz") == (200, {"status": "ok"})


def test_a_body_over_the_limit_is_refused(url: str) -> None:
    assert ask(f"{url}/predict", b"x" * 1000)[0] == 200
    status, answer = ask(f"{url}/predict", b"x" * 1001)
    assert (status, answer["detail"]) == (413, "the body is larger than the 1,000 bytes allowed")


def test_an_empty_body_is_refused(url: str) -> None:
    assert ask(f"{url}/predict", b"")[0] == 400


def test_the_default_address_is_this_machine_alone() -> None:
    assert ServeConfig().host == "127.0.0.1"


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ServeConfig(port=taken.getsockname()[1])
        with pytest.raises(UserError, match=r"cannot listen at 127\.0\.0\.1:\d+ .*; choose another --serve.port"):
            run_app(make_app("x", {}, length, settings), settings)
