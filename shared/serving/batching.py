"""Micro-batching: items that wait while the network computes form its next batch.

Nothing is delayed in the hope of a larger batch: a single request is computed at once, and under load the batches grow
by themselves to what arrives during one computation.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

from shared.serving.backend import Backend, FailedError, Item, Result
from shared.serving.service import Endpoint

log = logging.getLogger(__name__)


class BusyError(Exception):
    """Too many items wait already."""


@dataclass
class Job:
    """The items of one request."""

    endpoint: Endpoint
    items: Sequence[Item]
    results: "asyncio.Future[list[Result]]"  # one of each item, in order
    started: bool = False  # whether the computation of an item has begun


class Batcher:
    """Gives the items of several requests to the backend together, from its own thread."""

    def __init__(self, max_waiting: int, backend: Backend) -> None:
        """Start the thread, from which `backend` is called; more than `max_waiting` items are refused."""
        self.waiting = 0  # items that have no result yet
        self.observe: Callable[[int], None] = lambda _: None  # called with the size of each batch, in that thread
        self._max_waiting, self._backend = max_waiting, backend
        self._arrived: SimpleQueue[Job] = SimpleQueue()
        self._backlog: deque[Job] = deque()
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether thread and backend run."""
        return self._thread.is_alive() and self._backend.alive

    @property
    def full(self) -> bool:
        """Whether no further item is taken."""
        return self.waiting >= self._max_waiting

    def submit(self, endpoint: Endpoint, items: Sequence[Item]) -> Job:
        """Put items into the queue.

        Raises:
            BusyError: the items do not fit into the queue; none was taken.
        """
        if self.waiting + len(items) > self._max_waiting:
            raise BusyError
        job = Job(endpoint, items, asyncio.get_running_loop().create_future())
        self.waiting += len(items)
        self._arrived.put(job)
        return job

    def _work(self) -> None:
        while True:
            jobs = self._next_jobs()
            endpoint = jobs[0].endpoint
            pairs = [(job, item) for job in jobs for item in job.items]
            results: list[Result] = []
            for start in range(0, len(pairs), endpoint.batch_size):
                results += self._batch(endpoint, pairs[start : start + endpoint.batch_size])
            with suppress(RuntimeError):  # the server has ended meanwhile, and no client waits
                jobs[0].results.get_loop().call_soon_threadsafe(self._deliver, jobs, results)

    def _next_jobs(self) -> list[Job]:
        """Wait for a job; add those of the same endpoint that wait behind it, as far as they fit one batch."""
        if not self._backlog:
            self._backlog.append(self._arrived.get())
        while not self._arrived.empty():  # nobody else takes from it
            self._backlog.append(self._arrived.get())
        jobs = [self._backlog.popleft()]
        room = jobs[0].endpoint.batch_size - len(jobs[0].items)
        while self._backlog and self._backlog[0].endpoint is jobs[0].endpoint and len(self._backlog[0].items) <= room:
            jobs.append(self._backlog.popleft())
            room -= len(jobs[-1].items)
        return jobs

    def _batch(self, endpoint: Endpoint, pairs: list[tuple[Job, Item]]) -> list[Result]:
        self.observe(len(pairs))
        now = time.monotonic()
        for job, item in pairs:
            job.started = job.started or now <= item.deadline  # items that came too late are not computed
        items = [item for _, item in pairs]
        try:
            return self._backend(endpoint.name, items)
        # Whatever it was, the thread goes on with the next requests.
        except Exception:
            log.exception("a batch of %d failed", len(items))
            return [FailedError()] * len(items)

    def _deliver(self, jobs: list[Job], results: list[Result]) -> None:
        self.waiting -= len(results)
        rest = iter(results)
        for job in jobs:
            own = [next(rest) for _ in job.items]
            if not job.results.done():  # the client may have gone
                job.results.set_result(own)
