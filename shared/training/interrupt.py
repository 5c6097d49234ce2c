"""Ctrl-C and SIGTERM during training: the step is finished and saved, and the run says how to resume."""

import signal
import threading
from types import FrameType

import torch
from accelerate import Accelerator

STOP_CHECK_EVERY = 8
"""Steps between two checks of several processes. Each check is a message to all that the GPU and the CPU wait for; 8
steps of up to 3 seconds still end within the 30 seconds that Slurm and Kubernetes leave between SIGTERM and SIGKILL."""


class StopRequest:
    """In a `with` block, SIGINT and SIGTERM only set `signal_name`; a second signal stops the process immediately."""

    def __init__(self) -> None:
        self.signal_name = ""
        """The name of the signal that came, or empty."""
        self._former: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():  # handlers can be set in the main thread only
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._handle)
        return self

    def _handle(self, number: int, _: FrameType | None) -> None:
        self.signal_name = signal.Signals(number).name
        self.__exit__()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._former = {}


def should_stop(stop: StopRequest, accelerator: Accelerator, step: int, epoch_ends: bool) -> bool:
    """Whether to stop after this step; the same on all processes, because one that went on alone would wait forever.

    Several processes ask each other every `STOP_CHECK_EVERY` steps, and before validation, which can take minutes.
    """
    if accelerator.num_processes == 1:
        return bool(stop.signal_name)
    if step % STOP_CHECK_EVERY and not epoch_ends:
        return False
    wanted = torch.tensor(float(bool(stop.signal_name)), device=accelerator.device)
    return float(accelerator.reduce(wanted)) > 0
