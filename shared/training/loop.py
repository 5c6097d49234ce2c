"""The training loop: one visible pass over epochs, batches and validation."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from shared.console import progress_bar
from shared.data.memory import Batch
from shared.errors import UserError
from shared.training.checkpoint import flatten_state, save_checkpoint
from shared.training.log import RunLog
from shared.training.optimization import WeightAverage, make_optimizer, make_schedule
from shared.training.settings import TrainingConfig

Step = Callable[[nn.Module, Batch], tuple[Tensor, Tensor, Tensor]]
"""Runs the network on a batch and gives (loss, logits, targets): the loss a scalar, the others for the metrics."""


@dataclass
class Task:
    """What a project trains: the step, and how to score it."""

    step: Step
    metrics: MetricCollection
    monitor: str
    """The metric that picks the best epoch, on the validation part; higher is better."""


@dataclass
class Fit:
    """What came of a training run."""

    best_epoch: int
    metrics: dict[str, float]
    """The validation metrics of the best epoch."""
    seconds: float
    """Spent in training steps; validation and saving are not counted."""
    steps: int
    device: str
    history: list[dict[str, float]] = field(default_factory=list)


def fit(
    task: Task,
    model: nn.Module,
    train_loader: DataLoader[Batch],
    validation_loader: DataLoader[Batch],
    config: TrainingConfig,
    log: RunLog,
    checkpoints: Path,
    about: Mapping[str, Any],
) -> Fit:
    """Train, validate after every epoch, and keep the best and the last weights.

    Args:
        checkpoints: the folder of `best.safetensors` (weights to use) and `last.safetensors` (weights and the state
            of the optimizer and schedule).
        about: what to record beside the weights: the configuration, the data, the classes.

    Raises:
        UserError: the loss is no finite number any more; the checkpoints of the epochs before stay.
    """
    accelerator = make_accelerator(config)
    model = model.to(accelerator.device).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, config)
    average = WeightAverage(model, config.ema_decay)
    model, optimizer, train_loader, validation_loader = accelerator.prepare(
        model, optimizer, train_loader, validation_loader
    )
    schedule = make_schedule(optimizer, config, config.epochs * len(train_loader))

    result = Fit(0, {}, 0.0, 0, str(accelerator.device))
    for epoch in range(1, config.epochs + 1):
        started = time.perf_counter()
        loss = train_epoch(task.step, model, train_loader, optimizer, schedule, average, accelerator, config)
        result.seconds += time.perf_counter() - started
        result.steps += len(train_loader)
        if not math.isfinite(loss):
            raise UserError(f"the training loss became {loss} in epoch {epoch}; lower --training.learning_rate.")

        metrics = measure(task, average.model, validation_loader, accelerator.device)
        record = {"epoch": epoch, "step": result.steps, "train/loss": loss, "seconds": round(result.seconds, 3)}
        record |= {f"validation/{name}": value for name, value in metrics.items()}
        log.epoch(record, config.epochs)

        facts = {**about, "epoch": epoch, "metrics": metrics}
        if result.best_epoch == 0 or metrics[task.monitor] > result.metrics[task.monitor]:
            result.best_epoch, result.metrics = epoch, metrics
            save_checkpoint(checkpoints / "best.safetensors", average.model.state_dict(), facts)
        plain, tensors = flatten_state({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
        save_checkpoint(checkpoints / "last.safetensors", tensors, {**facts, "state": plain})
        if config.patience and epoch - result.best_epoch >= config.patience:
            break
    result.history = log.records
    return result


def train_epoch(
    step: Step,
    model: nn.Module,
    loader: DataLoader[Batch],
    optimizer: Optimizer,
    schedule: LRScheduler,
    average: WeightAverage,
    accelerator: Accelerator,
    config: TrainingConfig,
) -> float:
    """One pass over the training part; returns the mean loss of its batches."""
    model.train()
    total = torch.zeros((), device=accelerator.device)
    with progress_bar() as bar:
        progress = bar.add_task("train", total=len(loader), note="")
        for batch in loader:
            loss, _, _ = step(model, batch)
            accelerator.backward(loss)
            if config.clip_norm:
                accelerator.clip_grad_norm_(model.parameters(), config.clip_norm)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            average.update()
            total += loss.detach()
            bar.advance(progress)
    return float(total) / len(loader)


@torch.no_grad()
def measure(task: Task, model: nn.Module, loader: DataLoader[Batch], device: torch.device) -> dict[str, float]:
    """The mean loss and the task's metrics of `model` on a whole loader; draws nothing from the training randomness."""
    model.eval()
    metrics = task.metrics.to(device)
    metrics.reset()
    total, count = 0.0, 0
    for batch in loader:
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        loss, logits, targets = task.step(model, batch)
        metrics.update(logits, targets)
        total += float(loss) * len(targets)
        count += len(targets)
    return {"loss": total / count} | {name: float(value) for name, value in metrics.compute().items()}


def make_accelerator(config: TrainingConfig) -> Accelerator:
    """Accelerate's handle on device and precision, for this run alone."""
    # Accelerate keeps one state a process; without this, a second run with another precision would be refused.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=config.device == "cpu", mixed_precision="no" if config.precision == "fp32" else "bf16")
