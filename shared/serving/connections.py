"""Connections that say nothing are closed; answers leave in one piece."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0  # from the connection, or a request's first byte, to the end of its headers


class Joining:
    """A transport that sends what is written in one turn of the loop together.

    uvicorn writes the head of an answer and its body apart, which are two calls of the system, two packets, and wake
    whoever asked twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to `transport`."""
        self._transport = transport
        self._loop = loop
        self._written = bytearray()

    def write(self, data: bytes) -> None:
        """Send at the end of this turn."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written += data

    def close(self) -> None:
        """Send what was written, and close the connection."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._written and not self._transport.is_closing():  # whoever asked may have gone
            self._transport.write(bytes(self._written))
        self._written.clear()

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)


class PromptProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which limits the time between requests, with a limit for the headers of each.

    Without it a client that sends one byte a minute keeps its connection for ever.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self.transport = Joining(transport, self.loop)  # type: ignore[assignment]
        self._wait()

    def on_message_begin(self) -> None:
        """Wait for the headers of a request."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Go on; the body has the request's own deadline."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None
