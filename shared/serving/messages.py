"""What passes between the two processes of a server: bytes and JSON.

Never pickled objects: a decoder that was taken over by a hostile picture reaches no further than its own process.
"""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from shared.serving.answering import FailedError, Outcome, Question
from shared.serving.service import RefusedError, Service, Verb


def description(service: Service) -> dict[str, Any]:
    """All of a service that is not a function."""
    verbs = [{key: value for key, value in vars(verb).items() if not callable(value)} for verb in service.verbs]
    page = str(service.page) if service.page else None
    return {"title": service.title, "about": dict(service.about), "verbs": verbs, "page": page}


def described(content: dict[str, Any]) -> Service:
    """The service that `description` tells of; its functions are in the other process."""
    verbs = [
        Verb(**{**verb, "fields": tuple(verb["fields"])}, decode=_elsewhere, predict=_elsewhere)
        for verb in content["verbs"]
    ]
    page = Path(content["page"]) if content["page"] else None
    return Service(content["title"], content["about"], verbs, page)


def _elsewhere(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("this is computed in another process")


def pack_questions(verb: str, questions: Sequence[Question]) -> bytes:
    """Questions of one verb as a message."""
    facts = [[len(one.elements), one.in_base64, dict(one.fields), one.deadline] for one in questions]
    return pack([json.dumps([verb, facts]).encode(), *(element for one in questions for element in one.elements)])


def unpack_questions(message: bytes) -> tuple[str, list[Question]]:
    """The verb's name and the questions of a message."""
    head, *elements = unpack(message)
    verb, facts = json.loads(head)
    rest = iter(elements)
    return verb, [Question([next(rest) for _ in range(count)], *others) for count, *others in facts]


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Outcomes as a message."""
    parts = []
    for found in outcomes:
        if isinstance(found, bytes):
            parts.append(b"=" + found)
        else:
            parts.append(b"!" + to_bytes(str(found)) if isinstance(found, RefusedError) else b"")
    return pack(parts)


def unpack_outcomes(message: bytes) -> list[Outcome]:
    """The outcomes of a message."""
    return [_outcome(part[:1], part[1:]) for part in unpack(message)]


def _outcome(kind: bytes, content: bytes) -> Outcome:
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
