"""The log of a run: TensorBoard curves, `metrics.jsonl`, and a line on the screen per epoch."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from shared.console import log
from shared.files import write_text
from shared.process import is_main_process
from shared.training.state import Progress
from shared.training.tracker import Tracker

_NO_CURVE = ("epoch", "step", "seconds")


class RunLog:
    """Writes the records of steps and epochs; only the main process writes."""

    def __init__(
        self,
        output_dir: Path,
        log_dir: Path,
        progress: Progress,
        make_tracker: Callable[[Progress], Tracker | None] = lambda _: None,
    ) -> None:
        """Begin a log, or continue that of a resumed run: what the run logged after `progress` is dropped."""
        from torch.utils.tensorboard import SummaryWriter

        progress.log_name = progress.log_name or time.strftime("%Y%m%d-%H%M%S")
        self._metrics_file = output_dir / "metrics.jsonl"
        self._tracker: Tracker | None = None
        self._writer: SummaryWriter | None = None
        if is_main_process():
            # TensorBoard drops all points at or after this step: those of the steps and epochs that are done again ...
            self._writer = SummaryWriter(log_dir / progress.log_name, purge_step=progress.step or None)
            if progress.history and progress.batch == 0:  # ... and of the epoch that ended there, which is not
                self._add_curves(progress.history[-1])
        self._tracker = make_tracker(progress)  # which has kept that point

    def close(self) -> None:
        """Close the TensorBoard file and the run of the tracker."""
        if self._writer:
            self._writer.close()
        if self._tracker:
            self._tracker.close()

    def write_step(self, step: int, values: Mapping[str, float]) -> None:
        """Write values of one step to TensorBoard; `step` counts from 0.

        They are on disk before the next state is saved: a run that is killed then and resumed lacks no point.
        """
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(f"step/{name}", value, step)
            self._writer.flush()
        if self._tracker:
            self._tracker.log({f"step/{name}": value for name, value in values.items()}, step)

    def write_epoch(self, progress: Progress, epochs: int) -> None:
        """Write the last record of `progress.history`, which is an epoch's.

        The seconds go to the screen only: a log without clock times is the same each time a run is repeated.
        """
        if self._writer is None:
            return
        record = progress.history[-1]
        rows = [{name: value for name, value in row.items() if name != "seconds"} for row in progress.history]
        write_text(self._metrics_file, "".join(json.dumps(row) + "\n" for row in rows))
        self._add_curves(record)
        shown = "  ".join(f"{name} {value:.4f}" for name, value in record.items() if name not in _NO_CURVE)
        log.info(f"epoch {record['epoch']:>3}/{epochs}  {shown}  {record['seconds']:.1f} s")

    def _add_curves(self, record: Mapping[str, float]) -> None:
        assert self._writer
        values = {name: value for name, value in record.items() if name not in _NO_CURVE}
        for name, value in values.items():
            self._writer.add_scalar(name, value, int(record["step"]))
        self._writer.flush()
        if self._tracker:
            self._tracker.log(values, int(record["step"]))
