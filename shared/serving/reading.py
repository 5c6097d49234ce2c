"""From a request's body to the items it asks: raw, JSON or a form, within the limits, repeating none of it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import HTTPException, Request
from starlette.formparsers import MultiPartException

from shared.serving.answering import Item
from shared.serving.messages import to_bytes
from shared.serving.service import Endpoint
from shared.serving.settings import ServeConfig

HELD_BODIES = 8  # so many bodies of the largest size may be in memory at once


@dataclass
class ParsedRequest:
    """What a request asks."""

    items: list[Item]
    alone: bool
    """Whether it was a raw body, whose answer comes without a list around it."""


@dataclass
class Reader:
    """Reads requests, and knows how much of them is in memory."""

    settings: ServeConfig
    held: int = field(default=0, init=False)
    """Bytes of bodies that are in memory."""

    @contextmanager
    def holding(self) -> Iterator[list[int]]:
        """Count what is added to the list as held, until the block ends."""
        sizes: list[int] = []
        try:
            yield sizes
        finally:
            self.held -= sum(sizes)

    async def body(self, request: Request, sizes: list[int]) -> bytes:
        """The body, read no further than the limit.

        Raises:
            HTTPException: 413 where it is too large, 429 where too much is being uploaded by all.
        """
        limit = self.settings.max_body_bytes
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            sizes.append(len(chunk))
            self.held += len(chunk)
            if len(body) > limit:
                raise _too_large(limit)
            if self.held > HELD_BODIES * limit:
                raise busy("too much is being uploaded")
        return bytes(body)

    async def asked(self, request: Request, body: bytes, endpoint: Endpoint, deadline: float) -> ParsedRequest:
        """The items of a request.

        Raises:
            HTTPException: 400 or 422, with one sentence that says what is expected.
        """
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not body:
            raise HTTPException(400, f"the request has no body; send {_expected(endpoint)}")
        fields: dict[str, str] = {}
        elements, alone, in_base64 = [body], True, False
        if content_type == "application/json":
            elements, fields = _from_json(body, endpoint)
            alone, in_base64 = False, endpoint.kind != "texts"
        elif content_type == "multipart/form-data":
            elements, fields = await _from_form(request, body, endpoint, self.settings)
            alone = False
        elif endpoint.together > 1 or endpoint.fields:
            raise HTTPException(415, f"a raw body is not enough here; send {_expected(endpoint)}")
        groups = self._grouped(elements, endpoint)
        return ParsedRequest([Item(group, in_base64, fields, deadline) for group in groups], alone)

    def _grouped(self, elements: Sequence[bytes], endpoint: Endpoint) -> list[Sequence[bytes]]:
        """The elements of each item."""
        count, most = len(elements), self.settings.max_elements
        if not 0 < count <= most:
            raise HTTPException(422, f"send 1 to {most} {endpoint.kind} at once, not {count}")
        if count % endpoint.together:
            raise HTTPException(422, f"send {endpoint.kind} in groups of {endpoint.together}, not {count}")
        return [elements[start : start + endpoint.together] for start in range(0, count, endpoint.together)]


def busy(reason: str) -> HTTPException:
    """The answer to a request that would be welcome later."""
    return HTTPException(429, f"{reason}; come again", headers={"Retry-After": "1"})


def _too_large(limit: int) -> HTTPException:
    # Without the header the server would go on to read, and throw away, what is still sent.
    return HTTPException(413, f"the body is larger than the {limit:,} bytes allowed", headers={"Connection": "close"})


def _expected(endpoint: Endpoint) -> str:
    fields = "".join(f', "{name}": "..."' for name in endpoint.fields)
    element = "a text" if endpoint.kind == "texts" else "base64 of a file"
    return f'JSON like {{"{endpoint.kind}": ["{element}"]{fields}}}, a form, or a raw body'


def _from_json(body: bytes, endpoint: Endpoint) -> tuple[list[bytes], dict[str, str]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not valid JSON") from error
    expected = {endpoint.kind, *endpoint.fields}
    if not isinstance(content, dict) or content.keys() != expected:
        raise HTTPException(422, f"expected {_expected(endpoint)}")
    elements = content.pop(endpoint.kind)
    texts = [*content.values(), *(elements if isinstance(elements, list) else [None])]
    if not all(isinstance(text, str) for text in texts):
        raise HTTPException(422, f"expected {_expected(endpoint)}")
    return [to_bytes(element) for element in elements], content


async def _from_form(
    request: Request, body: bytes, endpoint: Endpoint, settings: ServeConfig
) -> tuple[list[bytes], dict[str, str]]:
    """The parts called as the endpoint's kind, and the fields."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    limits = {
        "max_files": settings.max_elements,
        "max_fields": settings.max_elements + len(endpoint.fields),
        "max_part_size": settings.max_body_bytes,
    }
    try:
        async with Request(request.scope, receive).form(**limits) as form:
            parts = form.multi_items()
            elements = [await _content(part) for name, part in parts if name == endpoint.kind]
    except MultiPartException as error:  # its sentences say what is wrong and repeat nothing
        raise HTTPException(400, error.message) from error
    except UnicodeError as error:  # the form names a character set that decodes nothing
        raise HTTPException(400, "the form's character set cannot be used") from error
    fields = {name: part for name, part in parts if name != endpoint.kind}
    if set(fields) != set(endpoint.fields) or not all(isinstance(text, str) for text in fields.values()):
        raise HTTPException(422, f"expected parts named {', '.join([endpoint.kind, *endpoint.fields])}")
    return elements, fields  # type: ignore[return-value]


async def _content(part: Any) -> bytes:
    return await part.read() if not isinstance(part, str) else to_bytes(part)
