"""Silent connections are closed, and clients that send or read too little are waited for within bounds."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0  # from the connection, or a request's first byte, to the end of its headers
LAST_SECONDS = 0.1  # within which a request that is on its way arrives, as the server stops
LINGER_SECONDS, LINGER_BYTES = 10.0, 50_000_000  # of a refused body, which are thrown away
READING_SECONDS = 30.0  # within which the client must have read some more of a response


class PatientTransport:
    """A transport that lets a client finish what it sends and reads, within bounds."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        body_arrives: Callable[[], bool] = lambda: False,
    ) -> None:
        self._transport, self._loop = transport, loop
        self._body_arrives, self._discarded = body_arrives, -1  # bytes of a refused body; below 0 before there is one
        self._unread: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Send, unless the client has gone; uvloop sends what is written in one turn, head and body, together."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection after what was written, for good where the client does not read the rest.

        While a body still arrives it is thrown away first: the system would reset the connection, and most clients
        would then lose the response, which says why the body was refused.
        """
        if self._discarded < 0 and self._body_arrives() and not self._transport.is_closing():
            self._discarded = 0
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self.close)
            return
        self._transport.close()
        if self._transport.get_write_buffer_size() and not self._unread:
            self.watch()

    def discards(self, data: bytes) -> bool:
        """Whether this belongs to a refused body."""
        if self._discarded < 0:
            return False
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self.close()
        return True

    def watch(self, before: int | None = None) -> None:
        """Cut the connection off once the client has read nothing of the rest for a while."""
        left = self._transport.get_write_buffer_size()
        if before is not None and left >= before:
            self._transport.abort()
        else:
            self._unread = self._loop.call_later(READING_SECONDS, self.watch, left)

    def stop_watching(self) -> None:
        """All was read, or the connection is gone."""
        if self._unread:
            self._unread.cancel()
            self._unread = None

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)


class PromptProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which limits the time between requests, with a limit for the headers of each and for reading.

    Without them a client that sends one byte a minute, or one byte after a response, or that never reads keeps its
    connection forever.
    """

    _patience: asyncio.TimerHandle | None = None
    _begun = _stopping = False  # whether a request's headers are incomplete; whether the server stops
    transport: PatientTransport  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self.transport = PatientTransport(
            transport, self.loop, lambda: self._is_between and self.cycle is not None and self.cycle.more_body
        )
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a request that is not complete."""
        if self.transport.discards(data):
            return
        super().data_received(data)
        if self._is_between and self._patience is None:
            self._wait()

    def shutdown(self) -> None:
        """Close after the current request, or the one on its way: to close at once would reset it."""
        self._stopping = True
        if self._is_between:
            self.loop.call_later(LAST_SECONDS, self._close_between)
        else:
            super().shutdown()

    def _close_between(self) -> None:
        if self._is_between and not self._begun:
            self.transport.close()

    @property
    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def pause_writing(self) -> None:
        """Wait until more of the response has been read."""
        super().pause_writing()
        self.transport.watch()

    def resume_writing(self) -> None:
        """Go on; most was read."""
        self.transport.stop_watching()
        super().resume_writing()

    def on_message_begin(self) -> None:
        """Wait for the headers of a request."""
        super().on_message_begin()
        self._begun = True
        self._wait()

    def on_headers_complete(self) -> None:
        """Go on; the body has the request's own deadline."""
        self._begun = False
        self._stop_waiting()
        super().on_headers_complete()
        if self._stopping:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self.transport.stop_watching()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None


class PatientServer(uvicorn.Server):
    """uvicorn's server, which takes what has arrived before it stops, and knows which requests it cut off."""

    def __init__(self, config: uvicorn.Config) -> None:
        """See uvicorn."""
        super().__init__(config)
        self.cut_off: set[asyncio.Task[None]] = set()
        """Requests that ended without a result: after a second Ctrl-C, or when the time to finish them was over."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; connections that wait to be accepted are accepted first, as the system would reset them."""
        waiting = [connection for listener in sockets or () for connection in _accepted(listener)]
        for server in self.servers:
            server.close()
        loop, state = asyncio.get_running_loop(), self.server_state
        for connection in waiting:
            await loop.connect_accepted_socket(lambda: PromptProtocol(self.config, state, {}), connection)
        await asyncio.sleep(LAST_SECONDS)  # until those that asyncio accepted are known too
        await super().shutdown(sockets)
        self.cut_off |= self.server_state.tasks

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, after the requests that have come; after a second Ctrl-C at once."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            self.cut_off |= self.server_state.tasks
            for task in self.cut_off:
                task.get_loop().call_soon_threadsafe(task.cancel)


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait at a listener, which does not block."""
    with suppress(OSError):  # BlockingIOError: no more
        while True:
            yield listener.accept()[0]
