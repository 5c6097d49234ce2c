"""What passes between the two processes of a server: bytes and JSON.

Never pickled objects: a decoder that was taken over by a hostile image reaches no further than its own process.
"""

import json
import struct
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
    """Items of one endpoint as a message."""
    facts = [[len(one.elements), one.in_base64, dict(one.fields), one.deadline] for one in items]
    return pack([json.dumps([endpoint, facts]).encode(), *(element for one in items for element in one.elements)])


def unpack_items(message: bytes) -> tuple[str, list[Item]]:
    """The endpoint's name and the items of a message."""
    head, *elements = unpack(message)
    endpoint, facts = json.loads(head)
    rest = iter(elements)
    return endpoint, [Item([next(rest) for _ in range(count)], *others) for count, *others in facts]


def pack_results(results: Sequence[Result]) -> bytes:
    """Results as a message."""
    return pack([_part(result) for result in results])


def unpack_results(message: bytes) -> list[Result]:
    """The results of a message."""
    return [_result(part[:1], part[1:]) for part in unpack(message)]


def _part(result: Result) -> bytes:
    if isinstance(result, bytes):
        return b"=" + result
    return b"!" + to_bytes(str(result)) if isinstance(result, RefusedError) else b""


def _result(kind: bytes, content: bytes) -> Result:
    if kind == b"=":
        return content
    return RefusedError(to_text(content)) if kind == b"!" else FailedError()


def to_bytes(text: str) -> bytes:
    """A text as bytes, also what is no Unicode: names of files and JSON can hold halves of surrogate pairs."""
    return text.encode("utf-8", "surrogatepass")


def to_text(content: bytes) -> str:
    """What `to_bytes` was given."""
    return content.decode("utf-8", "surrogatepass")


def pack(parts: Sequence[bytes]) -> bytes:
    """Their number, their lengths, themselves."""
    return b"".join([struct.pack(f"<{len(parts) + 1}Q", len(parts), *map(len, parts)), *parts])


def unpack(message: bytes) -> list[bytes]:
    """The parts that `pack` was given."""
    (count,) = struct.unpack_from("<Q", message)
    parts, start = [], 8 * (count + 1)
    for length in struct.unpack_from(f"<{count}Q", message, 8):
        parts.append(message[start : start + length])
        start += length
    return parts
