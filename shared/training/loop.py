"""The training loop: one visible pass over epochs, batches and validation."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader
from torchmetrics import MeanMetric, MetricCollection

from shared.console import log
from shared.data.memory import Batch
from shared.errors import DivergedError, StoppedError, UserError
from shared.files import atomic_write
from shared.process import is_main_process
from shared.training.checkpoint import load_state, save_checkpoint, save_state
from shared.training.feeding import microbatches, remaining_batches, to_device, with_progress_bar
from shared.training.files import best_checkpoint, epoch_checkpoint, epoch_checkpoints, last_checkpoint, read_metadata
from shared.training.freezing import freeze
from shared.training.interrupt import StopRequest
from shared.training.log import RunLog
from shared.training.settings import TrainingConfig
from shared.training.setup import autocast, shard_batches, should_stop, start
from shared.training.sharding import whole_weights
from shared.training.state import Progress, TrainingState

Step = Callable[[nn.Module, Batch], tuple[Tensor, Tensor, Tensor]]
"""Runs the network on a batch and gives (loss, logits, targets): the mean loss, and what the metrics compare."""


@dataclass
class Task:
    """What a project trains: the step, and how to score it."""

    step: Step
    metrics: MetricCollection
    monitor: str
    """The metric that picks the best epoch, on the validation split; higher is better, of equal ones the lower loss."""
    backbone: str = ""
    """The name of the submodule that is pretrained (see `training.freeze_epochs`); empty where there is none."""


@dataclass(frozen=True)
class RunDirs:
    """Where a run writes."""

    output_dir: Path
    log_dir: Path


def fit(
    task: Task,
    model: nn.Module,
    train_loader: DataLoader[Batch],
    validation_loader: DataLoader[Batch],
    config: TrainingConfig,
    run_dirs: RunDirs,
    metadata: Mapping[str, Any],
    resume: Path | None = None,
) -> TrainingState:
    """Train, validate after every epoch, keep the best weights and the state to go on from.

    Args:
        train_loader: of `shared.data.memory.shuffled_loader`, whose order can be taken up in mid-epoch.
        about: what to record beside the weights: the configuration, the data, the classes.
        resume: a state file to go on from; the run then ends with the very bytes it would have ended with unstopped.

    Returns:
        The state at the end; `progress` has the history and the best epoch.

    Raises:
        DivergedError: the loss is no finite number any more; what was saved before stays.
        UserError: `resume` does not fit, or the settings do not fit the network.
        StoppedError: a signal came; everything is saved.
    """
    state = start(model, len(train_loader), config, task.backbone)
    for loader in (train_loader, validation_loader):
        shard_batches(loader, state.accelerator)
    if resume:
        state.load_state_dict(load_state(resume, metadata))
        find_best(state.progress, resume, run_dirs)
        if finished(state.progress, config) and not state.progress.best_metrics:
            raise UserError(
                f"the run of {resume} has ended, but its best weights are gone; put best.safetensors there."
            )
    with RunLog(run_dirs.output_dir, run_dirs.log_dir, state.progress) as run_log, StopRequest() as stop:
        while not finished(state.progress, config):
            train_epoch(task, state, train_loader, config, stop, lambda: save_last(state, run_dirs, metadata))
            state.align_buffers()
            metrics = evaluate(task, state.average.model, validation_loader, state.accelerator.device)
            is_best = close_epoch(state.progress, metrics, task.monitor)
            run_log.write(state.progress, config.epochs)
            if is_best:
                save_best(state, run_dirs, {**metadata, "epoch": state.progress.epoch, "metrics": metrics})
            save_last(state, run_dirs, metadata)
            save_periodic(state, run_dirs, metadata, config)
    return state


def train_epoch(
    task: Task,
    state: TrainingState,
    loader: DataLoader[Batch],
    config: TrainingConfig,
    stop: StopRequest,
    save: Callable[[], None],
) -> None:
    """Train on the rest of the epoch that is under way, which is all of it unless the run was stopped in its middle."""
    progress = state.progress
    state.model.train()
    freeze(state.network, task.backbone, state.optimizer, frozen=progress.epoch < config.freeze_epochs)
    loss_sum = torch.tensor(progress.loss_sum, device=state.accelerator.device)
    started = time.perf_counter()
    for batch in with_progress_bar(remaining_batches(loader, progress), len(loader), progress):
        loss_sum += train_step(task.step, state, to_device(batch, state.accelerator.device), config)
        progress.batch += 1
        progress.step += 1
        stopping = should_stop(stop, state.accelerator)
        if stopping or (config.save_every and progress.step % config.save_every == 0):
            note_progress(state, loss_sum, started)
            save()
            started = time.perf_counter()
        if stopping:
            raise StoppedError(
                f"{stop.asked or 'another process'}: stopped in epoch {progress.epoch + 1} after step {progress.step}, "
                "and saved; the same command with --resume goes on from here."
            )
    note_progress(state, loss_sum, started)


def _loss_of(step: Step, state: TrainingState, split: Batch) -> Tensor:
    try:
        return step(state.model, split)[0]
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise UserError(
            "a batch, or a part of one, has a single example, of which batch norm cannot take the deviation; "
            "take another training.batch_size, or a smaller training.grad_accum_steps."
        ) from error


def train_step(step: Step, state: TrainingState, batch: Batch, config: TrainingConfig) -> Tensor:
    """One step of the optimizer; returns the loss of the batch, detached."""
    loss = torch.zeros((), device=state.accelerator.device)
    for split, share in microbatches(batch, config.grad_accum_steps):
        with autocast(config, state.accelerator.device):
            part_loss = _loss_of(step, state, split)
        if share < 1:
            part_loss = part_loss * share
        state.scaler.scale(part_loss).backward()  # type: ignore[no-untyped-call]
        loss += part_loss.detach()
    if config.max_grad_norm:
        state.scaler.unscale_(state.optimizer)
        clip_grad_norm_(state.model.parameters(), config.max_grad_norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.schedule.step()
    state.optimizer.zero_grad()
    state.average.update()
    return loss


@torch.no_grad()
def evaluate(task: Task, model: nn.Module, loader: DataLoader[Batch], device: torch.device) -> dict[str, float]:
    """The mean loss and the task's metrics of `model` on a whole loader; draws nothing from the training randomness."""
    model.eval()
    metrics, mean_loss = task.metrics.to(device), MeanMetric().to(device)
    metrics.reset()
    for batch in loader:
        loss, logits, targets = task.step(model, to_device(batch, device))
        metrics.update(logits, targets)
        mean_loss.update(loss, weight=len(targets))
    return {"loss": float(mean_loss.compute())} | {name: float(value) for name, value in metrics.compute().items()}


def close_epoch(progress: Progress, metrics: dict[str, float], monitor: str) -> bool:
    """Note what the epoch brought; tells whether it is the best so far."""
    progress.epoch += 1
    record = {"epoch": progress.epoch, "step": progress.step, "seconds": progress.seconds}
    record |= {"train/loss": progress.loss_sum / progress.batch}
    progress.history.append(record | {f"validation/{name}": value for name, value in metrics.items()})
    progress.batch, progress.loss_sum = 0, 0.0
    is_best = not progress.best_metrics or rank(metrics, monitor) > rank(progress.best_metrics, monitor)
    if is_best:
        progress.best_epoch, progress.best_metrics = progress.epoch, metrics
    return is_best


def rank(metrics: Mapping[str, float], monitor: str) -> tuple[float, float]:
    """What epochs are compared by: the score, and where that is the same, as on small parts it often is, the loss."""
    return metrics[monitor], -metrics["loss"]


def finished(progress: Progress, config: TrainingConfig) -> bool:
    """Whether all epochs are done, or patience has run out."""
    waited = progress.epoch - progress.best_epoch
    return progress.epoch >= config.epochs or (config.patience > 0 and waited >= config.patience)


def save_best(state: TrainingState, run_dirs: RunDirs, metadata: Mapping[str, Any]) -> None:
    """Save the weights that did best so far."""
    weights = whole_weights(state.average.model)  # on every process: each may hold its share
    if is_main_process():
        save_checkpoint(best_checkpoint(run_dirs.output_dir), weights, metadata)


def find_best(progress: Progress, resume: Path, run_dirs: RunDirs) -> None:
    """Have the best weights so far in the run's folder: they may lie beside the state that it goes on from.

    Where neither place has them any more, the next epoch counts as the best one.
    """
    here, there = best_checkpoint(run_dirs.output_dir), resume.with_name(best_checkpoint(run_dirs.output_dir).name)
    if not progress.best_epoch or is_of_epoch(here, progress.best_epoch):
        return
    if is_of_epoch(there, progress.best_epoch):
        if is_main_process():
            with atomic_write(here) as file:
                file.write(there.read_bytes())
        return
    log.warning(
        f"the weights of epoch {progress.best_epoch}, the best so far, are gone; those of the next epoch are kept."
    )
    progress.best_metrics = {}


def is_of_epoch(path: Path, epoch: int) -> bool:
    """Whether a checkpoint is there and holds the weights of that epoch."""
    return path.is_file() and read_metadata(path).get("epoch") == epoch


def save_last(state: TrainingState, run_dirs: RunDirs, metadata: Mapping[str, Any]) -> None:
    """Save the state to go on from."""
    content = state.state_dict()  # on every process: it collects the random states of all
    if is_main_process():
        save_state(last_checkpoint(run_dirs.output_dir), content, metadata)


def save_periodic(state: TrainingState, run_dirs: RunDirs, metadata: Mapping[str, Any], config: TrainingConfig) -> None:
    """Every so many epochs, save the state in a file of its own; only the newest few of these stay."""
    if config.keep_every == 0 or state.progress.epoch % config.keep_every != 0:
        return
    content = state.state_dict()
    if is_main_process():
        newest = epoch_checkpoint(run_dirs.output_dir, state.progress.epoch)
        save_state(newest, content, metadata)
        # Later epochs that lie there are of an earlier run; they go when this run comes to them.
        kept = [path for path in epoch_checkpoints(run_dirs.output_dir) if path <= newest]
        for old in kept[: -config.max_to_keep]:
            old.unlink()


def note_progress(state: TrainingState, loss_sum: Tensor, started: float) -> None:
    """Put the loss and the clock into the progress, before it is saved.

    Raises:
        DivergedError: the loss is no finite number; weights that it has touched must not be saved.
    """
    progress = state.progress
    progress.seconds += time.perf_counter() - started
    progress.loss_sum = float(state.accelerator.reduce(loss_sum, "mean"))
    if not math.isfinite(progress.loss_sum):
        raise DivergedError(
            f"the training loss became {progress.loss_sum} in epoch {progress.epoch + 1}; "
            "lower --training.learning_rate (the last good weights are kept)."
        )
