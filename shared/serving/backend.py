"""From items to results: decode each, compute those of several requests together, let none harm the others."""

import base64
import binascii
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.serving.service import Endpoint, RefusedError, Service
from shared.serving.settings import ServeConfig

log = logging.getLogger(__name__)


class FailedError(Exception):
    """There is no result, and the item is not the reason: the log says more, or the deadline has passed."""


Failure = RefusedError | FailedError  # why there is no prediction

Result = bytes | Failure  # a prediction as JSON, or why there is none


@dataclass(frozen=True)
class Item:
    """One item of a request, as it came."""

    elements: Sequence[bytes]  # files, or texts in UTF-8
    in_base64: bool  # whether the elements are files in base64
    fields: Mapping[str, str]  # the short texts that the request gave beside its elements
    deadline: float  # on the clock of `time.monotonic`, which the processes of a machine share


class Backend(Protocol):
    """What computes results, in this process or in another."""

    @property
    def alive(self) -> bool:
        """Whether it can compute now."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The facts of the network that computes now."""

    def __call__(self, endpoint: str, items: Sequence[Item]) -> list[Result]:
        """From an endpoint's name and at most its `batch_size` items to their results, in order."""


class LocalBackend:
    """Computes results in this process."""

    alive = True

    def __init__(self, service: Service, settings: ServeConfig) -> None:
        """Call the functions of the service's endpoints."""
        self._endpoints = {endpoint.name: endpoint for endpoint in service.endpoints}
        self._settings, self.metadata = settings, service.metadata

    def __call__(self, endpoint: str, items: Sequence[Item]) -> list[Result]:
        """The results of a batch."""
        called = self._endpoints[endpoint]
        decoded = [self._decoded(called, item) for item in items]
        inputs = [found for found in decoded if not isinstance(found, Failure)]
        results = iter(_predicted(called, inputs) if inputs else [])
        return [found if isinstance(found, Failure) else next(results) for found in decoded]

    def _decoded(self, endpoint: Endpoint, item: Item) -> Any:
        """What the item holds, or why it cannot be used."""
        if time.monotonic() > item.deadline:
            return FailedError()
        read = self._text if endpoint.kind == "texts" else _from_base64 if item.in_base64 else bytes
        try:
            return endpoint.decode(*(read(element) for element in item.elements), **item.fields)
        except RefusedError as error:
            return error
        # An error in a project's code must not end the server.
        except Exception:
            log.exception("an item could not be decoded")
            return FailedError()

    def _text(self, element: bytes) -> str:
        try:
            text = element.decode()
        except UnicodeDecodeError as error:
            raise RefusedError("not UTF-8") from error
        if len(text) > self._settings.max_text_length:
            raise RefusedError(f"longer than the {self._settings.max_text_length:,} characters allowed")
        return text


def _from_base64(element: bytes) -> bytes:
    try:
        return base64.b64decode(element, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("not base64") from error


def _predicted(endpoint: Endpoint, inputs: list[Any]) -> list[Result]:
    """The predictions as JSON; where a batch fails, its items are computed one by one."""
    try:
        predictions = [json.dumps(one, allow_nan=False).encode() for one in endpoint.predict(inputs)]
        return [prediction for prediction, _ in zip(predictions, inputs, strict=True)]
    except RefusedError as error:
        failed: Result = error
    # As above.
    except Exception:
        log.exception("a batch of %d failed", len(inputs))
        failed = FailedError()
    return [failed] if len(inputs) == 1 else [_predicted(endpoint, [one])[0] for one in inputs]
