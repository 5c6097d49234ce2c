"""A small training run in a process of its own, for the tests of stopping and sharing: python resumable.py FOLDER.

The environment says what happens: KILL_AT (a step at which the process sends itself a signal, once), SIGNAL (which
one), KILL_RANK (which of several processes does), RESUME, CHECKPOINT (the state to go on from), SMOOTH (no batch norm,
no randomness), SETTINGS (JSON of TrainingConfig), FILE_LIMIT (bytes that a file may have), SHARDS (a packed set from
which the training points are read, see `write_points`).
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, dropout

from shared.data.folders import Decoded, visible_files
from shared.data.memory import Batch, TensorBatches, ordered_loader, shuffled_loader
from shared.data.packed import opened
from shared.data.rows import FileArray, Rows
from shared.errors import StoppedError, UserError
from shared.metrics.classification import training_metrics
from shared.process import leave_group, was_restarted
from shared.seeding import generator, seed_everything
from shared.training.checkpoint import state_to_resume
from shared.training.files import last_checkpoint
from shared.training.loop import Task, fit
from shared.training.settings import TrainingConfig
from shared.training.state import Progress
from shared.training.tracker import Tracker


def clouds(seed: int, count: int = 256, apart: float = 3.0) -> Batch:
    """Two overlapping clouds of points."""
    labels = torch.arange(count) % 2
    return {"points": torch.randn(count, 2, generator=generator(seed)) + apart * labels[:, None], "labels": labels}


def training_points() -> dict[str, Tensor | Rows]:
    """The training split, in memory or decoded on demand."""
    points: dict[str, Tensor | Rows] = {**clouds(1, 170, 2.0)}
    if root := os.environ.get("SHARDS"):
        packed = opened(Path(root))
        names = [path.relative_to(packed).as_posix() for path in visible_files(packed)]
        files = FileArray(packed, names, read_point, (2,), np.dtype(np.float32))
        points["points"] = Rows(files, Path(root), np.zeros((170, 32), np.uint8), {}, np.arange(170))
    return points


def write_points(folder: Path) -> None:
    """The training points as files."""
    folder.mkdir()
    for number, point in enumerate(clouds(1, 170, 2.0)["points"].numpy()):
        (folder / f"{number:03}").write_bytes(point.tobytes())


def read_point(path: Path) -> Decoded:
    """One of them."""
    return Decoded(np.frombuffer(path.read_bytes(), np.float32))


def noisy(batch: Batch, source: Generator) -> Batch:
    """The points, moved a little."""
    return {**batch, "points": batch["points"] + 0.1 * torch.randn(batch["points"].shape, generator=source)}


def plain_step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """One step of classification."""
    logits = model(batch["points"])
    return cross_entropy(logits, batch["labels"]), logits, batch["labels"]


def train_here(
    folder: Path,
    make_network: Callable[[], nn.Module],
    config: TrainingConfig,
    metadata: dict[str, Any],
    *,
    seed: int = 0,
    augment: Callable[[Batch, Generator], Batch] | None = None,
    validation_examples: int = 256,
    backbone: str = "",
    resume: bool = False,
    make_tracker: Callable[[Progress], Tracker | None] = lambda _: None,
) -> Progress:
    """Train on the two clouds in this process; how far it came."""
    seed_everything(seed)
    train = shuffled_loader(TensorBatches(clouds(1), augment, seed), config.batch_size)
    loaders = train, ordered_loader(TensorBatches(clouds(2, validation_examples)), batch_size=100)
    task, places = Task(plain_step, training_metrics(2), "accuracy", backbone), (folder, folder / "tensorboard")
    state = last_checkpoint(folder) if resume else None
    return fit(task, make_network(), *loaders, config, *places, metadata, state, make_tracker).progress


class Images(nn.Module):
    """Points as small images."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("image", torch.tensor([[1.0, 0.5], [-0.5, 0.25]]))

    def forward(self, points: Tensor) -> Tensor:
        """From [N, 2] to [N, 2, 2, 2]."""
        return points[:, :, None, None] * self.image


def main(folder: Path) -> int:
    """Train, perhaps only until the kill."""
    kill_at = int(os.environ.get("KILL_AT", "0"))
    number = signal.Signals[os.environ.get("SIGNAL", "SIGKILL")]
    doomed = os.environ.get("KILL_RANK", "0") == os.environ.get("RANK", "0") and not was_restarted()
    smooth = bool(os.environ.get("SMOOTH"))
    calls = 0

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        nonlocal calls
        calls += model.training
        if model.training and calls == kill_at and doomed:
            os.kill(os.getpid(), number)
        # The dropout draws from the global random state.
        points = batch["points"] if smooth else dropout(batch["points"], 0.1, training=model.training)
        return plain_step(model, {**batch, "points": points})

    if limit := int(os.environ.get("FILE_LIMIT", "0")):  # a disk that is full beyond this number of bytes a file
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    seed_everything(0)
    config = TrainingConfig(**{"epochs": 3, "device": "cpu", **json.loads(os.environ.get("SETTINGS", "{}"))})
    middle = [nn.Tanh()] if smooth else [nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2)]
    # Each point as an image of 2x2 pixels: a kernel's numbers lie in memory in another order than in a file.
    kernels = nn.Conv2d(2, 4, 3, padding=1)
    pretrained = nn.Sequential(Images(), kernels, nn.Flatten(), nn.Linear(16, 16), *middle)
    model = nn.Sequential(pretrained, nn.Linear(16, 2))
    waits = config.freeze_epochs or config.unfreeze_epochs
    named = os.environ.get("CHECKPOINT")
    state = state_to_resume(folder, bool(os.environ.get("RESUME")), Path(named) if named else None)
    try:
        fit(
            Task(step, training_metrics(2), monitor="accuracy", backbone="0" if waits else ""),
            model,
            shuffled_loader(TensorBatches(training_points(), None if smooth else noisy), 16, config.workers),
            ordered_loader(TensorBatches(clouds(2, 97, 2.0)), 32),
            config,
            folder,
            folder / "tensorboard",
            {"seed": 0, "config": {"training": vars(config)}},
            state,
        )
    except (StoppedError, UserError) as error:
        print(error, file=sys.stderr)
        return 130 if isinstance(error, StoppedError) else 2
    finally:
        leave_group()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
