"""The log of a run: TensorBoard curves, one `metrics.jsonl`, and a plain line an epoch."""

import json
import time
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from shared.console import log
from shared.files import write_text
from shared.process import is_main_process
from shared.training.state import Progress

_NO_CURVE = ("epoch", "step", "seconds")


class RunLog:
    """Writes each epoch's record everywhere at once; use it in a `with` block."""

    def __init__(self, output_dir: Path, log_dir: Path, progress: Progress) -> None:
        """Begin a log, or go on with that of a run taken up again: what it wrote after `progress` is dropped."""
        progress.log_name = progress.log_name or time.strftime("%Y%m%d-%H%M%S")
        self._metrics_file = output_dir / "metrics.jsonl"
        purge = progress.history[-1]["step"] + 1 if progress.history else None
        self._writer = SummaryWriter(log_dir / progress.log_name, purge_step=purge) if is_main_process() else None

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer:
            self._writer.close()

    def write(self, progress: Progress, epochs: int) -> None:
        """Write the last record of `progress.history`.

        The seconds go to the screen only: a log without clock times is the same each time a run is repeated.
        """
        if self._writer is None:
            return
        record = progress.history[-1]
        rows = [{name: value for name, value in row.items() if name != "seconds"} for row in progress.history]
        write_text(self._metrics_file, "".join(json.dumps(row) + "\n" for row in rows))
        for name, value in record.items():
            if name not in _NO_CURVE:
                self._writer.add_scalar(name, value, int(record["step"]))
        self._writer.flush()
        shown = "  ".join(f"{name} {value:.4f}" for name, value in record.items() if name not in _NO_CURVE)
        log.info(f"epoch {record['epoch']:>3}/{epochs}  {shown}  {record['seconds']:.1f} s")
