"""The description of the server's questions for OpenAPI, with examples."""

from collections.abc import Mapping
from typing import Any

from shared.serving.service import Verb

Schema = dict[str, Any]


def operation(verb: Verb, max_elements: int) -> Schema:
    """`POST /<verb.name>`: its bodies, its answers and its refusals."""
    one = {"type": "object", "example": verb.example_answer}
    refused = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    several = {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": {"anyOf": [refused, one]}}},
        "required": ["answers"],
        "example": {"answers": [verb.example_answer, {"error": f"one of the {verb.kind} cannot be used, and why"}]},
    }
    answer = {"anyOf": [several, one]} if takes_raw_body(verb) else several
    return {
        "summary": verb.summary,
        "operationId": verb.name,
        "requestBody": {"required": True, "content": _bodies(verb, max_elements)},
        "responses": {
            "200": {
                "description": "The answer to a raw body, or `answers` in the order of what was sent; an element that "
                "cannot be answered has an `error` in its place.",
                "content": {"application/json": {"schema": answer}},
            }
        }
        | {code: _refusal(text) for code, text in _REFUSALS.items()},
    }


def takes_raw_body(verb: Verb) -> bool:
    """Whether one element as the body is a whole question."""
    return verb.together == 1 and not verb.fields


def _bodies(verb: Verb, max_elements: int) -> Schema:
    is_file = verb.kind != "texts"
    text = {"type": "string"}
    element = text | {"contentEncoding": "base64"} if is_file else text
    upload = text | {"format": "binary"} if is_file else text
    fields = dict.fromkeys(verb.fields, text)
    example = {verb.kind: [verb.example] * verb.together, **dict.fromkeys(verb.fields, "a name")}
    bodies = {
        "application/json": {"schema": _object(verb, element, fields, max_elements), "example": example},
        "multipart/form-data": {"schema": _object(verb, upload, fields, max_elements)},
    }
    if takes_raw_body(verb):
        bodies["application/octet-stream" if is_file else "text/plain"] = {"schema": upload | {"minLength": 1}}
    return bodies


def _object(verb: Verb, element: Schema, fields: Mapping[str, Schema], max_elements: int) -> Schema:
    elements = {"type": "array", "items": element, "minItems": verb.together, "maxItems": max_elements}
    return {
        "type": "object",
        "properties": {verb.kind: elements, **fields},
        "required": [verb.kind, *fields],
        "additionalProperties": False,
    }


def _refusal(text: str) -> Schema:
    schema = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


_REFUSALS = {
    "400": "There is no body, or it is damaged.",
    "401": "The server asks for a key, and it is missing or wrong.",
    "403": "A page of another site asked, or under a name that is not this machine's.",
    "408": "The body did not arrive before the deadline.",
    "413": "The body is too large.",
    "415": "A raw body is not enough for this question.",
    "422": "The body is not of the form described here, or the one element that it holds cannot be answered.",
    "429": "Too much is waiting already; `Retry-After` says when to come again.",
    "500": "The question brought the computation down; the server's log says more.",
    "503": "The deadline passed before the computation began; come again.",
    "504": "The deadline passed during the computation.",
}
