"""The process that computes: decoders and networks run in it, beside the process that holds the connections.

Python computes in one thread of a process at a time, so that two processes do twice as much. And an image that brings
its decoder down, or takes all memory, ends no connection: its item fails, and the process is started again.
"""

import importlib
import json
import logging
import multiprocessing
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from multiprocessing.connection import Connection
from typing import Any, Self

from shared.errors import UserError
from shared.serving.backend import FailedError, Item, LocalBackend, Result
from shared.serving.messages import described, description, pack_items, pack_results, unpack_items, unpack_results
from shared.serving.service import Service
from shared.serving.settings import ServeConfig

log = logging.getLogger(__name__)

PATIENCE = 2.0  # in deadlines: a process that computes longer is started again, as no client waits any more
SECONDS_TO_END = 5.0


class Worker:
    """A backend in its own process; use it in a `with` block."""

    def __init__(self, build: str, config: Any, settings: ServeConfig) -> None:
        """Start the process; `build` is the function that makes the service from `config`, as `module:function`."""
        self.alive = False  # whether the process is there and ready
        self._task, self._longest = (build, config, settings), PATIENCE * settings.deadline
        self._busy, self._ending = threading.Lock(), False
        self._start()

    @cached_property
    def service(self) -> Service:
        """What the process serves, as soon as it is ready; its functions exist in that process alone.

        Raises:
            UserError: the service cannot be made.
            OSError: a file that it needs cannot be read.
        """
        return self._ready()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The facts of the network in the process."""
        return self.service.metadata

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process; one that still loads or computes is killed, as no client waits for it any more."""
        self._ending = True
        if not self.alive or self._busy.locked():
            self._process.kill()
        with self._busy:  # the caller has seen the end
            self._connection.close()
            self._process.join(SECONDS_TO_END)
            self._process.kill()
            self._process.join()

    def __call__(self, endpoint: str, items: Sequence[Item]) -> list[Result]:
        """The results of a batch; where it ends the process, its items are computed one by one."""
        _ = self.service  # its description comes before any result
        with self._busy:
            if not self._ending and not (self.alive and self._process.is_alive()):
                self._restart("while it waited")
            there = self.alive and not self._ending
            found = self._exchange(endpoint, items) if there else None
        if found is None and there and len(items) > 1:
            return [self(endpoint, [one])[0] for one in items]
        return found or [FailedError() for _ in items]

    def _exchange(self, endpoint: str, items: Sequence[Item]) -> list[Result] | None:
        """The results; None where there are none, and the process is another one now."""
        try:
            self._connection.send_bytes(pack_items(endpoint, items))
            if not self._connection.poll(self._longest):
                raise TimeoutError("it took too long")
            found = unpack_results(self._connection.recv_bytes())
            return [result for result, _ in zip(found, items, strict=True)]
        # Whatever it was, what is still in the connection must not be taken for the result of the next item.
        except Exception as error:
            if not self._ending:
                self._restart(repr(error))
            return None

    def _restart(self, why: str) -> None:
        """Start the process again; where that fails, the next item tries once more."""
        self.alive = False
        self._process.kill()
        self._process.join()
        self._connection.close()
        log.error("the process that computes ended (%s, %s) and is started again", self._process.exitcode, why)
        try:
            self._start()
            if self._ending:
                self._process.kill()
            service = self._ready()
            if service.metadata != self.metadata:
                log.warning("the exported network is another one since the start: its results, and /model, are now new")
            self.service = service
        except (UserError, OSError) as error:
            log.error("the process that computes cannot be started again: %s", error)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        connection, other = context.Pipe()
        process = context.Process(target=_work, args=(*self._task, other), daemon=True)
        try:
            with _interrupts_held():
                process.start()
        except BaseException:  # also an interrupt that was held
            if process.pid:
                process.kill()
            raise
        finally:
            other.close()
        self._connection, self._process = connection, process

    def _ready(self) -> Service:
        try:
            kind, content = json.loads(self._connection.recv_bytes())
        except EOFError as error:
            raise UserError("the process that computes ended as it started; its last lines say why.") from error
        if kind == "refused":
            raise UserError(content)
        if kind == "failed":
            raise OSError(*content)
        self.alive = True
        return described(content)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started meanwhile leaves Ctrl-C to this one from its first moment on."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(build: str, config: Any, settings: ServeConfig, connection: Connection) -> None:
    """Be the process that computes, until the other closes the connection or ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the other process lets open requests finish first
        signal.signal(number, signal.SIG_IGN)
    module, _, function = build.partition(":")
    service: Service | None = None
    first: tuple[str, Any]
    try:
        service = getattr(importlib.import_module(module), function)(config)
        first = ("ready", description(service))
    except UserError as error:
        first = ("refused", str(error))
    except OSError as error:
        name = None if error.filename is None else str(error.filename)
        first = ("failed", [error.errno, error.strerror or str(error), name])
    with suppress(EOFError, OSError):
        connection.send_bytes(json.dumps(first).encode())
        backend = LocalBackend(service, settings) if service else None
        while backend:
            connection.send_bytes(pack_results(backend(*unpack_items(connection.recv_bytes()))))
