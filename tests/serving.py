"""A small service, and how to ask it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import UserError
from shared.serving.service import Endpoint, RefusedError, Service

SECRET = "do-not-repeat-me"


def length(item: bytes | str) -> int:
    if item in (b"bad", "bad"):
        raise RefusedError("bad")
    return len(item)


def lengths(items: list[int]) -> list[dict[str, Any]]:
    if 13 in items:
        raise RuntimeError(f"thirteen: {SECRET}")
    return [{"length": item} for item in items]


def slowly(seconds: list[float]) -> list[dict[str, Any]]:
    time.sleep(sum(seconds))
    return [{"slept": second} for second in seconds]


def endpoint(name: str, kind: Any = "images", **details: Any) -> Endpoint:
    given = {"decode": length, "predict": lengths, "example": "YQ==", "example_result": {"length": 1}} | details
    return Endpoint(name, "How long is it?", kind, **given)


VERBS = [
    endpoint("predict"),
    endpoint("read", "texts"),
    endpoint("compare", decode=lambda one, other: len(one) + len(other), elements_per_item=2),
    endpoint("enroll", decode=lambda image, name: len(image) + len(name), fields=("name",), batch_size=1),
    endpoint("wait", decode=float, predict=slowly, batch_size=1),
]


def lengths_service(_: object = None) -> Service:
    return Service("lengths", {"labels": ["a"]}, VERBS)


def fragile_service(_: object = None) -> Service:
    fragile = endpoint("predict", decode=lambda item: os._exit(3) if item == b"die" else len(item))
    return Service("fragile", {}, [fragile, *VERBS[1:]])


def changing_service(_: object) -> Service:
    facts = {"run": Path(os.environ["FACTS"]).read_text()}
    return Service("changing", facts, [endpoint("predict", predict=lambda items: [facts for _ in items])])


def refusing_service(_: object) -> Service:
    raise UserError("there is no x.onnx; run `python main.py export` first.")


def unreadable_service(_: object) -> Service:
    raise PermissionError(13, "Permission denied", "x.onnx")


def slow_service(_: object) -> Service:
    print("loading", flush=True)
    time.sleep(60)
    return lengths_service()


def dying_service(_: object) -> Service:
    os._exit(3)


@contextmanager
def server(build: str, host: str = "127.0.0.1") -> Iterator[subprocess.Popen[str]]:
    """A server in a group of processes of its own, as a terminal has them; it hears Ctrl-C in the background too."""
    code = f"""
import signal
from shared.serving.running import run_server
from shared.serving.settings import ServeConfig
signal.signal(signal.SIGINT, signal.default_int_handler)
try: run_server('serving:{build}', None, ServeConfig({host!r}, 0))
except KeyboardInterrupt: print('interrupted')
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=Path(__file__).parent, start_new_session=True, **pipes) as started:
        try:
            yield started
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)


def address_of(started: "subprocess.Popen[str]") -> str:
    """Where it listens; it prints that first."""
    assert started.stdout
    return started.stdout.readline().split()[1]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str,
    body: bytes | None = None,
    content_type: str = "application/octet-stream",
    method: str | None = None,
    **headers: str,
) -> Reply:
    request = urllib.request.Request(url, body, {"Content-Type": content_type, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Reply(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.headers, error.read())


def ask_json(url: str, content: Any) -> Reply:
    return ask(url, json.dumps(content).encode(), "application/json")


def form(*parts: tuple[str, bytes], files: bool = True) -> tuple[bytes, str]:
    """Parts of a form, as files or as fields: the body and its type."""
    filename = '; filename="f"' if files else ""
    heads = (f'--b0und\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n' for name, _ in parts)
    body = b"".join(head.encode() + content + b"\r\n" for head, (_, content) in zip(heads, parts, strict=True))
    return body + b"--b0und--\r\n", "multipart/form-data; boundary=b0und"
