"""What OpenAPI says of the endpoints beyond what FastAPI knows: bodies and responses, with examples."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.serving.service import Endpoint

Schema = dict[str, Any]


class Refusal(BaseModel):
    """The body of every response but 200."""

    detail: str


def responses(endpoint: Endpoint) -> dict[int | str, Schema]:
    """The results and the refusals of `POST /<endpoint.name>`."""
    one = {"type": "object", "example": endpoint.example_result}
    refused = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    several = {
        "type": "object",
        "properties": {"results": {"type": "array", "items": {"anyOf": [refused, one]}}},
        "required": ["results"],
        "example": {"results": [endpoint.example_result, {"error": f"why one of the {endpoint.kind} cannot be used"}]},
    }
    result = {"anyOf": [several, one]} if endpoint.takes_raw_body else several
    text = "The result of a raw body, or `results` in the order of the elements; what cannot be used has an `error`."
    found: dict[int | str, Schema] = {200: {"description": text, "content": {"application/json": {"schema": result}}}}
    return found | {code: {"model": Refusal, "description": text} for code, text in _REFUSALS.items()}


def request_body(endpoint: Endpoint, max_elements: int) -> Schema:
    """The bodies that `POST /<endpoint.name>` takes."""
    is_file = endpoint.kind != "texts"
    text = {"type": "string"}
    element = text | {"contentEncoding": "base64"} if is_file else text
    upload = text | {"format": "binary"} if is_file else text
    example: Schema = {endpoint.kind: [endpoint.example] * endpoint.elements_per_item}
    example |= dict.fromkeys(endpoint.fields, "a name")
    bodies: Schema = {
        "application/json": {"schema": _object(endpoint, element, max_elements), "example": example},
        "multipart/form-data": {"schema": _object(endpoint, upload, max_elements)},
    }
    if endpoint.takes_raw_body:
        bodies["application/octet-stream" if is_file else "text/plain"] = {"schema": upload | {"minLength": 1}}
    return {"required": True, "content": bodies}


def _object(endpoint: Endpoint, element: Mapping[str, Any], max_elements: int) -> Schema:
    elements = {"type": "array", "items": element, "minItems": endpoint.elements_per_item, "maxItems": max_elements}
    properties = {endpoint.kind: elements} | {name: {"type": "string"} for name in endpoint.fields}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


_REFUSALS = {
    400: "There is no body, or it is damaged.",
    401: "The server needs a key, and it is missing or wrong.",
    403: "The request comes from a page of another site, or under a name that is neither this machine's nor allowed.",
    408: "The body did not arrive before the deadline.",
    413: "The body is too large.",
    415: "A raw body is not enough for this endpoint, or a form came without its boundary.",
    422: "The body is not of the form described here, or its only element cannot be used.",
    429: "Too much is waiting already; `Retry-After` says when to try again.",
    500: "The computation failed; the server's log says more.",
    503: "The deadline passed before the computation began, or the server was stopped; try again.",
    504: "The deadline passed during the computation.",
}
