"""The process that computes: decoders and networks run in one of their own, beside the one that holds the connections.

Python computes in one thread of a process at a time, so that two processes do twice as much. And a picture that brings
its decoder down, or takes all memory, ends no connection: its question fails, and the process is started again.

What passes between the two is bytes and JSON, never pickled objects: a decoder that was taken over reaches no further.
"""

import importlib
import json
import logging
import multiprocessing
import signal
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from shared.errors import UserError
from shared.serving.answering import Answerer, FailedError, Outcome, Question
from shared.serving.service import RefusedError, Service, Verb
from shared.serving.settings import ServeConfig

log = logging.getLogger(__name__)

PATIENCE = 2.0  # in deadlines: whoever computes longer answers nobody any more, and is started again
SECONDS_TO_END = 5.0


class Worker:
    """Answers with a service in a process of its own; use it in a `with` block."""

    def __init__(self, build: str, config: Any, settings: ServeConfig) -> None:
        """Start the process.

        Args:
            build: the function that makes the service from `config`, as `module:function`.
        """
        self._task = (build, config, settings)
        self._longest = PATIENCE * settings.deadline
        self._busy = threading.Lock()
        self._ending = False
        self._start()

    @cached_property
    def service(self) -> Service:
        """What the process serves, as soon as it is ready; its functions are there, not here.

        Raises:
            UserError: the service cannot be made.
            OSError: a file that it needs cannot be read.
        """
        return self._ready()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        """End the process; one that still loads or computes is killed, as nobody waits for it any more."""
        self._ending = True
        if "service" in vars(self) and self._busy.acquire(blocking=False):
            self._connection.close()
            self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()

    def __call__(self, verb: str, questions: Sequence[Question]) -> list[Outcome]:
        """Answer a batch; where it ends the process, its questions are asked one by one."""
        _ = self.service  # its description comes before any answer
        with self._busy:
            try:
                if not self._process.is_alive():
                    self._restart()
                return self._ask(verb, questions)
            except (EOFError, OSError):  # a TimeoutError is one
                if not self._ending:
                    self._restart()
        if len(questions) == 1 or self._ending:
            return [FailedError()] * len(questions)
        return [self(verb, [question])[0] for question in questions]

    def _ask(self, verb: str, questions: Sequence[Question]) -> list[Outcome]:
        self._connection.send_bytes(_pack_questions(verb, questions))
        if not self._connection.poll(self._longest):
            raise TimeoutError
        return _unpack_outcomes(self._connection.recv_bytes())

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_work, args=(*self._task, other), daemon=True)
        with _interrupts_held():
            self._process.start()
        other.close()

    def _ready(self) -> Service:
        try:
            kind, content = _unpack(self._connection.recv_bytes())
        except EOFError as error:
            raise UserError("the process that computes ended as it started; its last lines say why.") from error
        if kind == b"refused":
            raise UserError(content.decode())
        if kind == b"failed":
            raise OSError(*json.loads(content))
        return _described(json.loads(content))

    def _restart(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()
        log.error("the process that computes ended (%s) and is started again", self._process.exitcode)
        self._start()
        self._ready()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started meanwhile leaves Ctrl-C to this one from its first moment on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(build: str, config: Any, settings: ServeConfig, connection: Connection) -> None:
    """Be the process that computes, until the other closes the connection or ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the other lets what was asked be answered first
        signal.signal(number, signal.SIG_IGN)
    module, _, function = build.partition(":")
    service: Service | None = None
    try:
        service = getattr(importlib.import_module(module), function)(config)
        first = [b"ready", json.dumps(_description(service)).encode()]
    except UserError as error:
        first = [b"refused", str(error).encode()]
    except OSError as error:
        first = [b"failed", json.dumps([error.errno, error.strerror, str(error.filename)]).encode()]
    with suppress(EOFError, OSError):
        connection.send_bytes(_pack(first))
        if service:
            _answer_all(Answerer(service, settings), connection)


def _answer_all(answer: Answerer, connection: Connection) -> NoReturn:
    while True:
        connection.send_bytes(_pack_outcomes(answer(*_unpack_questions(connection.recv_bytes()))))


def _description(service: Service) -> dict[str, Any]:
    """All of a service that is not a function."""
    verbs = [{key: value for key, value in vars(verb).items() if not callable(value)} for verb in service.verbs]
    page = str(service.page) if service.page else None
    return {"title": service.title, "about": dict(service.about), "verbs": verbs, "page": page}


def _described(content: dict[str, Any]) -> Service:
    verbs = [
        Verb(**{**verb, "fields": tuple(verb["fields"])}, decode=_elsewhere, predict=_elsewhere)
        for verb in content["verbs"]
    ]
    page = Path(content["page"]) if content["page"] else None
    return Service(content["title"], content["about"], verbs, page)


def _elsewhere(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("this is computed in another process")


def _pack_questions(verb: str, questions: Sequence[Question]) -> bytes:
    facts = [[len(one.elements), one.in_base64, dict(one.fields), one.deadline] for one in questions]
    return _pack([json.dumps([verb, facts]).encode(), *(element for one in questions for element in one.elements)])


def _unpack_questions(message: bytes) -> tuple[str, list[Question]]:
    head, *elements = _unpack(message)
    verb, facts = json.loads(head)
    rest = iter(elements)
    return verb, [Question([next(rest) for _ in range(count)], *others) for count, *others in facts]


def _pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    parts = []
    for found in outcomes:
        if isinstance(found, bytes):
            parts.append(b"=" + found)
        else:
            parts.append(b"!" + str(found).encode() if isinstance(found, RefusedError) else b"")
    return _pack(parts)


def _unpack_outcomes(message: bytes) -> list[Outcome]:
    return [_outcome(part[:1], part[1:]) for part in _unpack(message)]


def _outcome(kind: bytes, content: bytes) -> Outcome:
    if kind == b"=":
        return content
    return RefusedError(content.decode()) if kind == b"!" else FailedError()


def _pack(parts: Sequence[bytes]) -> bytes:
    """Their number, their lengths, themselves."""
    return b"".join([struct.pack(f"<{len(parts) + 1}Q", len(parts), *map(len, parts)), *parts])


def _unpack(message: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<Q", message)
    parts, start = [], 8 * (count + 1)
    for length in struct.unpack_from(f"<{count}Q", message, 8):
        parts.append(message[start : start + length])
        start += length
    return parts
