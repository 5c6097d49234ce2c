"""The log of a run: TensorBoard curves, one `metrics.jsonl`, and a plain line an epoch."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from shared.console import say
from shared.files import write_text


class RunLog:
    """Collects one record an epoch and writes it everywhere at once; use it in a `with` block."""

    def __init__(self, metrics_file: Path, tensorboard_dir: Path) -> None:
        """Start a new log: `metrics_file` is replaced, TensorBoard gets a run named after the time."""
        self.records: list[dict[str, float]] = []
        self._metrics_file = metrics_file
        self._writer = SummaryWriter(tensorboard_dir / time.strftime("%Y%m%d-%H%M%S"))

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def epoch(self, record: Mapping[str, float], epochs: int) -> None:
        """Add the record of one epoch; it has `epoch`, `step` and whatever was measured."""
        self.records.append(dict(record))
        write_text(self._metrics_file, "".join(json.dumps(row) + "\n" for row in self.records))
        for name, value in record.items():
            if name not in ("epoch", "step"):
                self._writer.add_scalar(name, value, int(record["step"]))
        shown = "  ".join(f"{name} {value:.4g}" for name, value in record.items() if name not in ("epoch", "step"))
        say(f"epoch {record['epoch']:>3}/{epochs}  {shown}")
