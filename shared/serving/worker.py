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
        self.alive = False
        """Whether the process is there and ready."""
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
        if not self.alive or self._busy.locked():
            self._process.kill()
        with self._busy:  # whoever asked has seen the end
            self._connection.close()
            self._process.join(SECONDS_TO_END)
            self._process.kill()
            self._process.join()

    def __call__(self, verb: str, questions: Sequence[Question]) -> list[Outcome]:
        """Answer a batch; where it ends the process, its questions are asked one by one."""
        _ = self.service  # its description comes before any answer
        with self._busy:
            there = self._revived()
            found = self._ask(verb, questions) if there else None
        if found is not None:
            return found
        if not there or len(questions) == 1:
            return [FailedError() for _ in questions]
        return [self(verb, [one])[0] for one in questions]

    def _ask(self, verb: str, questions: Sequence[Question]) -> list[Outcome] | None:
        """The outcomes; None where there are none, and the process is another one now."""
        try:
            self._connection.send_bytes(_pack_questions(verb, questions))
            if not self._connection.poll(self._longest):
                raise TimeoutError("it took too long")
            found = _unpack_outcomes(self._connection.recv_bytes())
            return [outcome for outcome, _ in zip(found, questions, strict=True)]
        # Whatever it was, what is still in the connection must not be taken for the answer to the next question.
        except Exception as error:
            if not self._ending:
                self._process.kill()
                self._process.join()
                code = self._process.exitcode
                log.error("the process that computes ended (%s, %r) and is started again", code, error)
                self._revived()
            return None

    def _revived(self) -> bool:
        """Start the process again where it has ended; whether there is one now."""
        if self._ending or self._process.is_alive():
            return not self._ending
        self.alive = False
        self._connection.close()
        try:
            self._start()
            if self._ending:
                self._process.kill()
            self._ready()
        except (UserError, OSError) as error:
            log.error("the process that computes cannot be started again: %s", error)
        return self.alive

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
            kind, content = _unpack(self._connection.recv_bytes())
        except EOFError as error:
            raise UserError("the process that computes ended as it started; its last lines say why.") from error
        if kind == b"refused":
            raise UserError(_text(content))
        if kind == b"failed":
            raise OSError(*json.loads(content))
        self.alive = True
        return _described(json.loads(content))


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
        first = [b"refused", _bytes(str(error))]
    except OSError as error:
        name = None if error.filename is None else str(error.filename)
        first = [b"failed", json.dumps([error.errno, error.strerror or str(error), name]).encode()]
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
            parts.append(b"!" + _bytes(str(found)) if isinstance(found, RefusedError) else b"")
    return _pack(parts)


def _unpack_outcomes(message: bytes) -> list[Outcome]:
    return [_outcome(part[:1], part[1:]) for part in _unpack(message)]


def _outcome(kind: bytes, content: bytes) -> Outcome:
    if kind == b"=":
        return content
    return RefusedError(_text(content)) if kind == b"!" else FailedError()


def _bytes(text: str) -> bytes:
    """A text as bytes; names of files may hold what is no Unicode."""
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


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
