"""What a training loop costs: steps per second of the same training by hand, by ours, and by well-known frameworks.

Everything but the loop is made by the same calls: the network, the batches, the optimizer, its schedule. Nothing is
logged, validated or saved on any side. A machine's speed drifts by more than the loops differ, so all of them run at
once, each in a thread of its own, and take turns: a few steps of one, while the others wait, then the next. A ratio
compares turns that followed one another, and is the median over all turns.

Peers are in tools/requirements-bench.txt, which `make bench` installs beside the project's own environment.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "mnist_classifier"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import torch
from result_files import run
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import lightning
from ignite.engine import Engine
from transformers import Trainer, TrainingArguments

from models.model import make_model
from shared.console import log
from shared.data.memory import Batch, TensorBatches, shuffled_loader
from shared.files import write_json
from shared.metrics.classification import training_metrics
from shared.results import versions
from shared.seeding import seed_everything
from shared.training.interrupt import StopRequest
from shared.training.loop import Task, train_epoch
from shared.training.optimization import make_optimizer, make_schedule
from shared.training.settings import TrainingConfig
from shared.training.setup import start
from src.config import load_config
from src.dataloader import load_data

TURNS = 40
"""Each loop's, in one run."""


class Baton:
    """Lets one of several threads run at a time, one after the other."""

    def __init__(self, runners: list[str]) -> None:
        self.runners = runners
        self.changed = threading.Condition()

    def wait(self, runner: str) -> None:
        """Come back when it is this runner's turn."""
        with self.changed:
            self.changed.wait_for(lambda: self.runners[0] == runner)

    def hand_on(self, runner: str) -> None:
        """Let the next one run, and wait for the turn after."""
        with self.changed:
            self.runners.append(self.runners.pop(0))
            self.changed.notify_all()
        self.wait(runner)

    def leave(self, runner: str) -> None:
        """Take no more turns."""
        with self.changed:
            self.runners.remove(runner)
            self.changed.notify_all()


class Clock:
    """A loader that hands the baton on after a number of batches, and notes how long these took."""

    def __init__(self, loader: DataLoader[Batch], baton: Baton, runner: str) -> None:
        self.loader, self.baton, self.runner = loader, baton, runner
        self.dataset, self.batch_sampler = loader.dataset, loader.batch_sampler
        self.turns: list[float] = []

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        steps, start = len(self) // TURNS, 0.0
        for index, batch in enumerate(self.loader):
            if index % steps == 0:
                if index:
                    self.turns.append(time.perf_counter() - start)
                self.baton.hand_on(self.runner)
                start = time.perf_counter()
            yield batch


@dataclass
class Work:
    """What every loop is given, made anew for each turn."""

    model: nn.Module
    loader: DataLoader[Batch]
    config: TrainingConfig

    def optimizer(self) -> tuple[Optimizer, LRScheduler]:
        """The optimizer and schedule that ours would make."""
        optimizer = make_optimizer(self.model, self.config)
        return optimizer, make_schedule(optimizer, self.config, len(self.loader))


def loss_of(model: nn.Module, batch: Batch) -> Tensor:
    """The loss of one batch."""
    return cross_entropy(model(batch["images"]), batch["labels"], label_smoothing=0.1)


def bare(work: Work, clock: Clock) -> None:
    """The loop that one would write by hand."""
    optimizer, schedule = work.optimizer()
    work.model.train()
    total = torch.zeros(())
    for batch in clock:
        loss = loss_of(work.model, batch)
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        total += loss.detach()


def ours(work: Work, clock: Clock) -> None:
    """The loop of shared/training."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["images"])
        return cross_entropy(logits, batch["labels"], label_smoothing=0.1), logits, batch["labels"]

    task = Task(step, training_metrics(10), "accuracy")
    state = start(work.model, len(work.loader), work.config)
    with StopRequest() as stop:
        train_epoch(task, state, clock, work.config, stop, lambda: None, lambda *_: None)  # type: ignore[arg-type]


class Module(lightning.LightningModule):
    """The work as Lightning wants it."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.model = work.model

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of one batch."""
        return loss_of(self.model, batch)

    def configure_optimizers(self) -> dict[str, Any]:
        """The common optimizer, its schedule moved after every step."""
        optimizer, schedule = self.work.optimizer()
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def lightning_trainer(work: Work, clock: Clock) -> None:
    """Lightning, with everything switched off that is not the loop."""
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    trainer.fit(Module(work), clock)


class WithLoss(nn.Module):
    """A network as the Hugging Face Trainer wants it: it gives its own loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The loss of one batch."""
        return {"loss": loss_of(self.model, {"images": images, "labels": labels})}


def hugging_face(work: Work, clock: Clock) -> None:
    """The Hugging Face Trainer, with everything switched off that is not the loop."""

    class OwnLoader(Trainer):
        def get_train_dataloader(self) -> Clock:
            return clock

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            use_cpu=True,
            logging_strategy="no",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            max_grad_norm=0,
            logging_nan_inf_filter=False,
        )
        OwnLoader(
            WithLoss(work.model), arguments, optimizers=work.optimizer(), train_dataset=work.loader.dataset
        ).train()


def ignite(work: Work, clock: Clock) -> None:
    """Ignite's engine around the same step."""
    optimizer, schedule = work.optimizer()
    work.model.train()

    def step(_: Engine, batch: Batch) -> Tensor:
        loss = loss_of(work.model, batch)
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        return loss.detach()

    Engine(step).run(clock, max_epochs=1)


LOOPS: dict[str, Callable[[Work, Clock], None]] = {
    "bare loop": bare,
    "ours": ours,
    "Lightning": lightning_trainer,
    "Hugging Face Trainer": hugging_face,
    "Ignite": ignite,
}


def make_work(name: str, batch_size: int, steps: int, data: Path | None) -> Work:
    """The network, its batches and settings, always the same for the same arguments."""
    seed_everything(0)
    settings = ["--training.batch_size", str(batch_size), "--training.device", "cpu", "--training.ema_decay", "0"]
    settings += ["--training.epochs", "1", "--model.name", name]
    settings += ["--data.root", str(data)] if data else ["--data.source", "sample"]
    config = load_config(REPOSITORY / "projects" / "mnist_classifier" / "configs" / "config.yaml", *settings)
    found = load_data(config)
    indices = torch.arange(batch_size * steps) % found.counts["train"]
    repeated = {key: tensor[indices] for key, tensor in found.splits.train.items()}
    model = make_model(config, found.classes)
    model.normalize.fit(found.splits.train["images"])
    loader = shuffled_loader(TensorBatches(repeated), batch_size)
    return Work(model.to(memory_format=torch.channels_last), loader, config.training)


def race(name: str, batch_size: int, steps: int, data: Path | None) -> dict[str, list[float]]:
    """The seconds of every turn of every loop."""
    works = {loop: make_work(name, batch_size, steps, data) for loop in LOOPS}
    baton = Baton(list(LOOPS))
    clocks = {loop: Clock(works[loop].loader, baton, loop) for loop in LOOPS}

    def run(loop: str) -> None:
        baton.wait(loop)
        try:
            LOOPS[loop](works[loop], clocks[loop])
        finally:
            baton.leave(loop)

    threads = [threading.Thread(target=run, args=(loop,)) for loop in LOOPS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {loop: clock.turns[1:] for loop, clock in clocks.items()}  # the first warms up


def measure(name: str, batch_size: int, steps: int, runs: int, data: Path | None) -> dict[str, Any]:
    """Steps per second of every loop, and how much of the bare loop's that is."""
    speeds: dict[str, list[float]] = {loop: [] for loop in LOOPS}
    shares: dict[str, list[float]] = {loop: [] for loop in LOOPS}
    for number in range(1, runs + 1):
        turns = race(name, batch_size, steps, data)
        for loop, seconds in turns.items():
            speeds[loop].append(round(steps / TURNS / statistics.median(seconds), 2))
            ratios = [bare / own for bare, own in zip(turns["bare loop"], seconds, strict=True)]
            shares[loop].append(round(statistics.median(ratios), 4))
        log.info(f"{name}, batch {batch_size}, run {number}: { ({loop: found[-1] for loop, found in shares.items()}) }")
    return {
        "network": name,
        "batch_size": batch_size,
        "steps": steps,
        "steps_a_second": {loop: statistics.median(found) for loop, found in speeds.items()},
        "of_the_bare_loop": {loop: statistics.median(found) for loop, found in shares.items()},
        "of_the_bare_loop_by_run": shares,
    }


def main() -> None:
    """Measure, and write tools/results/loops.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with MNIST; the built-in sample where not given")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "tools" / "results" / "loops.json")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in ("lightning", "lightning.pytorch", "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)
    cases = [("cnn", 256, 10 * TURNS), ("mlp", 64, 100 * TURNS)]
    content = {
        "what": "steps per second of the same training in one process, turn by turn, median over turns and runs",
        "threads": torch.get_num_threads(),
        "versions": versions() | {name: version(name) for name in ("lightning", "transformers", "pytorch-ignite")},
        "cases": [measure(*case, arguments.runs, arguments.data) for case in cases],
    }
    write_json(arguments.output, content)


if __name__ == "__main__":
    run(main)
