"""One training run in several processes, as `torchrun` starts them: which one prints and writes."""

import ctypes
import gc
import os
import sys

from shared.errors import UserError


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


def own_cores() -> int:
    """The cores for this process and its workers, where `torchrun` has started others on the machine."""
    return max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # from glibc's malloc.h


def keep_freed_memory() -> bool:
    """Keep the memory that tensors free for the next tensors, instead of returning it to the kernel at every step.

    glibc maps every large block separately and unmaps it when it is freed; in the next step each of its pages is a page
    fault again, and is zeroed. For a U-Net's training on images of 256x256 that was a fifth of a CPU's time, for the
    features of EfficientNet-Lite2 two thirds. The process keeps its peak memory until it ends.

    Returns:
        Whether the C library can do that; only glibc can.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))


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
