"""Ctrl-C and SIGTERM during training: the step is finished and saved, and the run says how to go on."""

import signal
import threading
from types import FrameType, TracebackType


class StopRequest:
    """In a `with` block, SIGINT and SIGTERM only set `asked`; a second one stops at once, as ever."""

    def __init__(self) -> None:
        self.asked = ""
        """The name of the signal that came, or empty."""
        self._former: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():  # only there may handlers be set
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _handle(self, number: int, _: FrameType | None) -> None:
        self.asked = signal.Signals(number).name
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._former = {}
