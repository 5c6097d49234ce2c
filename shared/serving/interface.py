"""The description of the server's items for OpenAPI, with examples."""

from collections.abc import Mapping
from typing import Any

from shared.serving.service import Endpoint

Schema = dict[str, Any]


def operation(endpoint: Endpoint, max_elements: int) -> Schema:
    """`POST /<endpoint.name>`: its bodies, its answers and its refusals."""
    one = {"type": "object", "example": endpoint.example_answer}
    refused = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    several = {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": {"anyOf": [refused, one]}}},
        "required": ["answers"],
        "example": {
            "answers": [endpoint.example_answer, {"error": f"one of the {endpoint.kind} cannot be used, and why"}]
        },
    }
    answer = {"anyOf": [several, one]} if takes_raw_body(endpoint) else several
    return {
        "summary": endpoint.summary,
        "operationId": endpoint.name,
        "requestBody": {"required": True, "content": _bodies(endpoint, max_elements)},
        "responses": {
            "200": {
                "description": "The answer to a raw body, or `answers` in the order of what was sent; an element that "
                "cannot be answered has an `error` in its place.",
                "content": {"application/json": {"schema": answer}},
            }
        }
        | {code: _refusal(text) for code, text in _REFUSALS.items()},
    }


def takes_raw_body(endpoint: Endpoint) -> bool:
    """Whether one element as the body is a whole item."""
    return endpoint.together == 1 and not endpoint.fields


def _bodies(endpoint: Endpoint, max_elements: int) -> Schema:
    is_file = endpoint.kind != "texts"
    text = {"type": "string"}
    element = text | {"contentEncoding": "base64"} if is_file else text
    upload = text | {"format": "binary"} if is_file else text
    fields = dict.fromkeys(endpoint.fields, text)
    example = {endpoint.kind: [endpoint.example] * endpoint.together, **dict.fromkeys(endpoint.fields, "a name")}
    bodies = {
        "application/json": {"schema": _object(endpoint, element, fields, max_elements), "example": example},
        "multipart/form-data": {"schema": _object(endpoint, upload, fields, max_elements)},
    }
    if takes_raw_body(endpoint):
        bodies["application/octet-stream" if is_file else "text/plain"] = {"schema": upload | {"minLength": 1}}
    return bodies


def _object(endpoint: Endpoint, element: Schema, fields: Mapping[str, Schema], max_elements: int) -> Schema:
    elements = {"type": "array", "items": element, "minItems": endpoint.together, "maxItems": max_elements}
    return {
        "type": "object",
        "properties": {endpoint.kind: elements, **fields},
        "required": [endpoint.kind, *fields],
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
    "415": "A raw body is not enough for this item.",
    "422": "The body is not of the form described here, or the one element that it holds cannot be answered.",
    "429": "Too much is waiting already; `Retry-After` says when to come again.",
    "500": "The item brought the computation down; the server's log says more.",
    "503": "The deadline passed before the computation began; come again.",
    "504": "The deadline passed during the computation.",
}
