"""Parse a request's body into items: raw, JSON or a form, within the limits. No message repeats what was sent."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from shared.serving.backend import Item
from shared.serving.service import Endpoint
from shared.serving.settings import ServeConfig

Elements = tuple[Sequence[bytes], dict[str, str]]  # and the fields beside them
HELD_BODIES = 8  # number of bodies of the largest size that may be in memory at once
ENCODING = {"encoding": "utf-8", "errors": "surrogatepass"}  # JSON and forms can hold halves of surrogate pairs
URLENCODED = "application/x-www-form-urlencoded"  # what curl -d and urllib say of any body
LIKE_JSON = re.compile(rb"""(\xef\xbb\xbf)?\s*'?\{\s*["']?\w+["']?\s*:""")  # also where a shell took its quotes away
LIKE_MULTIPART = re.compile(rb"--[^\r\n]{1,70}\r?\nContent-Disposition:", re.IGNORECASE)
LIKE_URLENCODED = re.compile(rb"[\w.-]+(\[\]|%5B%5D)?=|[\w.~*+-]*%[0-9A-F]{2}[\w.~*+%-]*$", re.IGNORECASE)


@dataclass
class ParsedRequest:
    """The items of a request."""

    items: list[Item]
    is_raw: bool  # whether the body was one element itself; its result comes without a list around it


@dataclass
class Reader:
    """Parses requests, and knows how many bytes of them are in memory."""

    settings: ServeConfig
    held: int = field(default=0, init=False)  # bytes of bodies that are in memory

    @contextmanager
    def limited(self, request: Request) -> Iterator[Request]:
        """The request, whose body is read no further than the limits and counts as held until the block ends.

        Raises:
            HTTPException: 413 where the body is too large, 429 where all bodies together are.
        """
        limit, size = self.settings.max_body_bytes, 0
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)

        async def receive() -> Message:
            nonlocal size
            message = await request.receive()
            size += (arrived := len(message.get("body", b"")))
            self.held += arrived
            if size > limit:
                raise _too_large(limit)
            if self.held > HELD_BODIES * limit:
                raise busy("too much is being uploaded")
            return message

        try:
            yield Request(request.scope, receive)
        finally:
            self.held -= size

    async def parse(self, request: Request, endpoint: Endpoint, deadline: float) -> ParsedRequest:
        """Read the body and find its items.

        Raises:
            HTTPException: 400, 415 or 422, with one sentence that says what is expected.
        """
        body = await request.body()
        if not body:
            raise HTTPException(400, f"the request has no body; send {_expected(endpoint)}")
        body_form = _body_form(body, request.headers.get("content-type", ""), endpoint)
        if body_form == "json":
            elements, fields = _from_json(body, endpoint)
        elif body_form == "multipart":
            elements, fields = await _from_form(request, endpoint, self.settings)
        elif body_form == "urlencoded":
            elements, fields = _from_urlencoded(body, endpoint, self.settings)
        elif endpoint.takes_raw_body:
            return ParsedRequest([Item([body], False, {}, deadline)], is_raw=True)
        else:
            raise HTTPException(415, f"a raw body is not enough here; send {_expected(endpoint)}")
        count, most, step = len(elements), self.settings.max_elements, endpoint.elements_per_item
        if not 0 < count <= most:
            raise HTTPException(422, f"send 1 to {most} {endpoint.kind} at once, not {count}")
        if count % step:
            raise HTTPException(422, f"send {endpoint.kind} in groups of {step}, not {count}")
        in_base64 = body_form != "multipart" and endpoint.kind != "texts"
        groups = [elements[start : start + step] for start in range(0, count, step)]
        return ParsedRequest([Item(group, in_base64, fields, deadline) for group in groups], is_raw=False)


def busy(reason: str) -> HTTPException:
    """The refusal of a request that the server can take later."""
    return HTTPException(429, f"{reason}; try again", headers={"Retry-After": "1"})


def _too_large(limit: int) -> HTTPException:
    # Without the header the server would read, and throw away, all that is still sent.
    return HTTPException(413, f"the body is larger than the {limit:,} bytes allowed", {"Connection": "close"})


def _expected(endpoint: Endpoint) -> str:
    fields = "".join(f', "{name}": "..."' for name in endpoint.fields)
    element = "a text" if endpoint.kind == "texts" else "base64 of a file"
    raw = ", or one text with Content-Type: text/plain" if endpoint.kind == "texts" else ", or a raw body"
    return f'JSON like {{"{endpoint.kind}": ["{element}"]{fields}}}, a form{raw if endpoint.takes_raw_body else ""}'


def _body_form(body: bytes, content_type: str, endpoint: Endpoint) -> Literal["json", "multipart", "urlencoded", "raw"]:
    """What the body is. Many clients send JSON and forms under another name or none; they never become a raw text."""
    declared = content_type.partition(";")[0].strip().lower()
    if declared.endswith(("/json", "+json")):
        return "json"
    if declared == "multipart/form-data":
        return "multipart"
    names = "|".join([endpoint.kind, *endpoint.fields]).encode()
    if declared == "text/plain":  # any text; but JavaScript's fetch says so of JSON
        return "json" if re.match(rb'\s*\{\s*"(%b)"\s*:' % names, body) else "raw"
    if LIKE_MULTIPART.match(body):
        raise HTTPException(415, "this looks like a form; send its Content-Type: multipart/form-data; boundary=...")
    if LIKE_JSON.match(body) or _is_json_list(body):
        return "json"
    any_form = declared == URLENCODED and endpoint.kind == "texts"  # an image may begin like one: GIF89a=
    if re.match(rb"(%b)=" % names, body) or (any_form and LIKE_URLENCODED.match(body)):
        return "urlencoded"
    return "raw"


def _is_json_list(body: bytes) -> bool:
    try:
        return body.lstrip().startswith(b"[") and isinstance(json.loads(body), list)
    except (ValueError, RecursionError):
        return False


def _from_urlencoded(body: bytes, endpoint: Endpoint, settings: ServeConfig) -> Elements:
    most, names = settings.max_elements + len(endpoint.fields), [endpoint.kind, *endpoint.fields]
    try:
        parts = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        raise HTTPException(400, f"the form is not UTF-8, or has more than {most} parts") from error
    fields = {name: part for name, part in parts if name != endpoint.kind}
    if fields.keys() != set(endpoint.fields):
        raise HTTPException(422, f"a form's parts are named {', '.join(names)}; send {_expected(endpoint)}")
    return [part.encode() for name, part in parts if name == endpoint.kind], fields


def _from_json(body: bytes, endpoint: Endpoint) -> Elements:
    # Not pydantic: it refuses the whole request where one text holds half of a surrogate pair.
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not valid JSON; send {_expected(endpoint)}") from error
    if isinstance(content, dict) and content.keys() == {endpoint.kind, *endpoint.fields}:
        elements = content.pop(endpoint.kind)
        if isinstance(elements, list) and all(isinstance(text, str) for text in (*elements, *content.values())):
            return [element.encode(**ENCODING) for element in elements], content
    raise HTTPException(422, f"expected {_expected(endpoint)}")


async def _from_form(request: Request, endpoint: Endpoint, settings: ServeConfig) -> Elements:
    most, limit = settings.max_elements, settings.max_body_bytes
    try:
        async with request.form(max_files=most, max_fields=most + len(endpoint.fields), max_part_size=limit) as form:
            elements = form.getlist(endpoint.kind)
            contents = [part.encode(**ENCODING) if isinstance(part, str) else await part.read() for part in elements]
    except MultiPartException as error:  # its sentences say what is wrong and repeat nothing
        raise HTTPException(400, error.message) from error
    except UnicodeError as error:  # the form names a character set that decodes nothing
        raise HTTPException(400, "the form's character set cannot be used") from error
    fields = {name: part for name, part in form.items() if name != endpoint.kind and isinstance(part, str)}
    if set(form) - {endpoint.kind} != set(endpoint.fields) or len(fields) < len(endpoint.fields):
        raise HTTPException(422, f"expected parts named {', '.join([endpoint.kind, *endpoint.fields])}")
    return contents, fields
