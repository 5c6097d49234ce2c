"""What passes between the two processes of a server: bytes and JSON.

Never pickled objects: a decoder that was taken over by a hostile image reaches no further than its own process.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from shared.serving.backend import FailedError, Item, Result
from shared.serving.service import Endpoint, RefusedError, Service

FOLDERS = ("page", "network_dir")  # of a service


def description(service: Service) -> dict[str, Any]:
    """What of a service is not a function."""
    endpoints = [{key: value for key, value in vars(one).items() if not callable(value)} for one in service.endpoints]
    folders = {name: str(path) if (path := getattr(service, name)) else None for name in FOLDERS}
    return {"title": service.title, "metadata": dict(service.metadata), "endpoints": endpoints, **folders}


def described(content: dict[str, Any]) -> Service:
    """The service of a `description`; its functions are in the other process."""
    functions = {"decode": _elsewhere, "predict": _elsewhere}
    endpoints = [Endpoint(**functions | one | {"fields": tuple(one["fields"])}) for one in content["endpoints"]]
    folders = {name: content[name] and Path(content[name]) for name in FOLDERS}
    return Service(content["title"], content["metadata"], endpoints, **folders)


def _elsewhere(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("this is computed in another process")


def pack_items(endpoint: str, items: Sequence[Item]) -> bytes:
    """Items of one endpoint as a message: a line of JSON, then the elements one after the other."""
    facts = [[[*map(len, one.elements)], one.in_base64, dict(one.fields), one.deadline] for one in items]
    head = json.dumps([endpoint, facts]).encode()
    return b"".join([head, b"\n", *(element for one in items for element in one.elements)])


def unpack_items(message: bytes) -> tuple[str, list[Item]]:
    """The endpoint's name and the items of a message."""
    head, _, elements = message.partition(b"\n")
    endpoint, facts = json.loads(head)
    rest = io.BytesIO(elements)
    return endpoint, [Item([rest.read(length) for length in lengths], *others) for lengths, *others in facts]


def pack_results(results: Sequence[Result]) -> bytes:
    """Results as a message: a line each, as JSON has no raw line break."""
    return b"\n".join(map(_line, results))


def unpack_results(message: bytes) -> list[Result]:
    """The results of a message."""
    return [_result(line[:1], line[1:]) for line in message.split(b"\n")]


def _line(result: Result) -> bytes:
    if isinstance(result, bytes):
        return b"=" + result
    return b"!" + json.dumps(str(result)).encode() if isinstance(result, RefusedError) else b""


def _result(kind: bytes, content: bytes) -> Result:
    if kind == b"=":
        return content
    return RefusedError(json.loads(content)) if kind == b"!" else FailedError()
