"""Work in several processes: a run that `torchrun` starts, of which one prints and writes; and workers that decode."""

import gc
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

T = TypeVar("T")
R = TypeVar("R")
PARALLEL_ITEMS = 200
"""Fewer files are decoded in this process: starting others takes some tenths of a second."""


def was_restarted() -> bool:
    """Whether `torchrun --max-restarts` has started this process again after one was killed."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def process_of() -> tuple[int, int]:
    """The number of this process, from 0 on, and how many `torchrun` has started; (0, 1) without it."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def is_main_process() -> bool:
    """Whether this process is the one that prints and writes; the only one is."""
    return process_of()[0] == 0


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """The function's result for each item, in order, computed ahead by so many processes; 0: by this one.

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
    threading.Thread(target=_end_after, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def leave_group() -> None:
    """End this process's part in a run of several; without it, the connections' threads can abort the exit."""
    distributed = sys.modules.get("torch.distributed")  # where nothing has loaded PyTorch, there is no group to leave
    if distributed and distributed.is_available() and distributed.is_initialized():
        gc.collect()  # a wrapped network (DDP) holds the group in a cycle, and its threads would outlive the group
        distributed.destroy_process_group()


def require_one_process(what: str) -> None:
    """Refuse to go on in one of several processes.

    Raises:
        UserError: `torchrun` has started more than one.
    """
    if process_of()[1] > 1:
        raise UserError(f"{what} runs in one process; start it without torchrun.")
