"""Micro-batching: what waits while the network computes is answered together in its next turn.

Nothing is delayed in the hope of a larger batch: a single request is answered at once, and under load the batches grow
by themselves to what arrives in one turn.
"""

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from shared.serving.service import RefusedError, Verb

log = logging.getLogger(__name__)

Outcome = bytes | Exception
"""An answer as JSON, or why there is none: a `RefusedError` is the item's own fault, any other ours."""

Decode = Callable[[], Any]
"""From one item, which it holds, to what the verb's `predict` takes."""


class BusyError(Exception):
    """Too many items wait already."""


class LateError(Exception):
    """The deadline passed before the item's turn came."""


@dataclass
class Job:
    """The items of one request."""

    verb: Verb
    items: Sequence[Decode]
    deadline: float
    """On the clock of `time.monotonic`."""
    outcomes: "asyncio.Future[list[Outcome]]"
    """One of each item, in order."""
    started: bool = False
    """Whether an item's turn has come."""


class Batcher:
    """Answers items in a thread of its own, those of several requests together."""

    def __init__(self, max_waiting: int) -> None:
        """Start the thread; more than `max_waiting` items are refused."""
        self.waiting = 0
        """Items that have no outcome yet."""
        self.observe: Callable[[int], None] = lambda _: None
        """Is told the size of each batch, in that thread."""
        self._max_waiting = max_waiting
        self._arrived: SimpleQueue[Job] = SimpleQueue()
        self._backlog: deque[Job] = deque()
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    @property
    def full(self) -> bool:
        """Whether no item more is taken."""
        return self.waiting >= self._max_waiting

    def submit(self, verb: Verb, items: Sequence[Decode], deadline: float) -> Job:
        """Put items into the queue; those whose turn comes after the deadline are passed over.

        Raises:
            BusyError: the items do not fit into the queue; none was taken.
        """
        if self.waiting + len(items) > self._max_waiting:
            raise BusyError
        job = Job(verb, items, deadline, asyncio.get_running_loop().create_future())
        self.waiting += len(items)
        self._arrived.put(job)
        return job

    def _work(self) -> None:
        while True:
            jobs = self._next_jobs()
            verb = jobs[0].verb
            decoders = [(job, decode) for job in jobs for decode in job.items]
            outcomes: list[Outcome] = []
            for start in range(0, len(decoders), verb.batch_size):
                outcomes += self._batch(verb, decoders[start : start + verb.batch_size])
            jobs[0].outcomes.get_loop().call_soon_threadsafe(self._deliver, jobs, outcomes)

    def _next_jobs(self) -> list[Job]:
        """Wait for a job; take those of the same verb that wait behind it along, as far as they fit into one batch."""
        if not self._backlog:
            self._backlog.append(self._arrived.get())
        while not self._arrived.empty():  # nobody else takes from it
            self._backlog.append(self._arrived.get())
        jobs = [self._backlog.popleft()]
        room = jobs[0].verb.batch_size - len(jobs[0].items)
        while self._backlog and self._backlog[0].verb is jobs[0].verb and len(self._backlog[0].items) <= room:
            jobs.append(self._backlog.popleft())
            room -= len(jobs[-1].items)
        return jobs

    def _batch(self, verb: Verb, decoders: list[tuple[Job, Decode]]) -> list[Outcome]:
        self.observe(len(decoders))
        decoded = [_decoded(job, decode) for job, decode in decoders]
        inputs = [found for found in decoded if not isinstance(found, Exception)]
        answers = iter(_predicted(verb, inputs) if inputs else [])
        return [found if isinstance(found, Exception) else next(answers) for found in decoded]

    def _deliver(self, jobs: list[Job], outcomes: list[Outcome]) -> None:
        self.waiting -= len(outcomes)
        rest = iter(outcomes)
        for job in jobs:
            own = [next(rest) for _ in job.items]
            if not job.outcomes.done():  # whoever asked may have gone
                job.outcomes.set_result(own)


def _decoded(job: Job, decode: Decode) -> Any:
    """What the item holds, or the exception that says why it cannot be used."""
    if time.monotonic() > job.deadline:
        return LateError()
    job.started = True
    try:
        return decode()
    except RefusedError as error:
        return error
    # A mistake in one project's code must not end the thread that answers everyone.
    except Exception as error:
        log.exception("an item could not be decoded")
        return error


def _predicted(verb: Verb, inputs: list[Any]) -> list[Outcome]:
    """The answers as JSON; where a batch fails, its items are asked one by one, so that none harms the others."""
    try:
        answers = [json.dumps(answer, allow_nan=False).encode() for answer in verb.predict(inputs)]
        return [answer for answer, _ in zip(answers, inputs, strict=True)]
    except RefusedError as error:
        failed: Exception = error
    # As above.
    except Exception as error:
        log.exception("a batch of %d could not be answered", len(inputs))
        failed = error
    return [failed] if len(inputs) == 1 else [_predicted(verb, [one])[0] for one in inputs]
