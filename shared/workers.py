"""Processes that compute ahead of the one that started them, such as by decoding files; without PyTorch."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from shared.errors import UserError
from shared.process import cores

T = TypeVar("T")
R = TypeVar("R")
PARALLEL_FILES = 200
"""Fewer are decoded in this process: starting others takes some tenths of a second."""


def workers_for(files: int) -> int:
    """The number of processes that decode this number of files."""
    return cores() if files >= PARALLEL_FILES else 0


def in_processes(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """The function's result for each item, in order, computed ahead by `workers` processes; 0: by this one.

    Raises:
        UserError: a process was killed.
    """
    if not workers:
        yield from map(function, items)
        return
    rest = iter(items)
    try:
        with ProcessPoolExecutor(workers, initializer=_end_with_parent) as pool:
            # Two for each: as one is handed over, the next is there.
            ahead = deque(pool.submit(function, item) for item in islice(rest, 2 * workers))
            while ahead:
                result = ahead.popleft().result()
                ahead.extend(pool.submit(function, item) for item in islice(rest, 1))
                yield result
    except BrokenProcessPool as error:
        raise UserError("a worker process was killed, most likely for want of memory; free some and go on.") from error


def _end_with_parent() -> None:
    """Leave Ctrl-C to the process that started this one, and end when it does, even by a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One thread each, as the others compute on the other cores; and a forked process would wait for the threads of
    # OpenMP, which are not forked with it. The variable is for a process that loads PyTorch later.
    os.environ["OMP_NUM_THREADS"] = "1"
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    threading.Thread(target=_end_after, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
