"""The training loop, in the order in which it runs: epochs, batches, one step, validation, saving."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.utils.data import DataLoader

from shared.console import log, track
from shared.data.batches import ShuffledBatches
from shared.data.memory import Batch
from shared.errors import DivergedError, StoppedError, UserError
from shared.files import atomic_write
from shared.metrics.running import Metrics, sum_over_processes
from shared.process import is_main_process
from shared.training.checkpoint import load_state, save_checkpoint, save_state
from shared.training.files import best_checkpoint, epoch_checkpoint, epoch_checkpoints, last_checkpoint, read_metadata
from shared.training.interrupt import StopRequest, should_stop
from shared.training.log import RunLog
from shared.training.optimization import freeze
from shared.training.settings import TrainingConfig
from shared.training.setup import shard_batches, start
from shared.training.sharding import whole_tensor, whole_weights
from shared.training.state import Progress, TrainingState
from shared.training.tracker import Tracker

Step = Callable[[nn.Module, Batch], tuple[Tensor, Tensor, Tensor]]
"""Runs the network on a batch and returns (loss, logits, targets): the mean loss, and what the metrics compare."""


@dataclass
class Task:
    """What a project trains: the step, and how to score it."""

    step: Step
    metrics: Metrics
    monitor: str
    """The metric whose highest value on the validation split picks the best epoch; the lower loss breaks ties."""
    backbone: str = ""
    """The name of the pretrained submodule (see `training.freeze_epochs`); empty where there is none."""


def fit(
    task: Task,
    model: nn.Module,
    train_loader: DataLoader[Batch],
    validation_loader: DataLoader[Batch],
    config: TrainingConfig,
    output_dir: Path,
    log_dir: Path,
    metadata: Mapping[str, Any],
    resume: Path | None = None,
    make_tracker: Callable[[Progress], Tracker | None] = lambda _: None,
) -> TrainingState:
    """Train, validate after every epoch, and save the best weights and the state to resume from.

    Args:
        train_loader: made by `shared.data.memory.shuffled_loader`, which can start in the middle of an epoch.
        metadata: recorded in every checkpoint: the configuration, the data, the classes.
        resume: a state file; the resumed run ends with the same bytes as a run that was never stopped.
        make_tracker: begins what the log is also sent to (see `training.tracker`).

    Returns:
        The state at the end; `progress` has the history and the best epoch.

    Raises:
        DivergedError: the loss became infinite or NaN; the files saved before are untouched.
        UserError: `resume` belongs to another run, or the settings do not fit the network.
        StoppedError: SIGINT or SIGTERM came; the state is saved.
    """
    stored = load_state(resume, metadata) if resume else None
    before = Progress(**stored["progress"]) if stored else Progress(epochs=config.epochs)
    longer = before.epoch < config.epochs != before.epochs
    schedule_start = before.step if longer else before.schedule_start
    state = start(model, len(train_loader), config, task.backbone, schedule_start)
    for loader in (train_loader, validation_loader):
        shard_batches(loader, state.accelerator)
    if resume and stored:
        state.load_state_dict(stored, new_schedule=longer)
        restore_best(state.progress, resume, output_dir)
        note_resumption(state.progress, config, resume, longer)
    save = partial(save_whole_state, state, last_checkpoint(output_dir), metadata)
    run_log = RunLog(output_dir, log_dir, state.progress, make_tracker)
    with closing(run_log), StopRequest() as stop:
        while not finished(state.progress, config):
            train_epoch(task, state, train_loader, config, stop, save, run_log.write_step)
            state.align_buffers()
            # The averaged weights are validated because they are what is saved and shipped. `evaluate` runs in eval
            # mode (no dropout, batch norm uses its running statistics) and under no_grad (no activations are kept).
            metrics = evaluate(task, state.average.model, validation_loader, state.accelerator.device)
            is_best = close_epoch(state.progress, metrics, task.monitor)
            run_log.write_epoch(state.progress, config.epochs)
            if is_best:
                save_best(state, output_dir, {**metadata, "epoch": state.progress.epoch, "metrics": metrics})
            save()
            save_periodic(state, output_dir, metadata, config)
    return state


def note_resumption(progress: Progress, config: TrainingConfig, resume: Path, longer: bool) -> None:
    """Say and record what a resumed run does, where it is not just the rest of the run that was stopped.

    A constant learning rate goes on as it was. The other schedules have ended near zero, so they begin anew over the
    epochs that remain: a second warm-up, then the second decay (SGDR, Loshchilov & Hutter 2017).

    Args:
        longer: whether epochs were added to the run.

    Raises:
        UserError: the run has ended, and its best weights are gone.
    """
    if longer:
        rule = "goes on" if config.schedule == "constant" else "begins anew over the remaining epochs"
        epochs = [progress.epochs, config.epochs]
        progress.extensions.append({"step": progress.step, "epochs": epochs, "schedule": f"{config.schedule} {rule}"})
        progress.epochs, progress.schedule_start = config.epochs, progress.step
        log.info(
            f"train: {config.epochs} epochs in place of {epochs[0]}: the {config.schedule} schedule {rule}, so the "
            f"result differs from that of {config.epochs} epochs in one run"
        )
    if finished(progress, config):
        if not progress.best_metrics:
            raise UserError(f"the run of {resume} has ended, but its best weights are gone; restore best.safetensors.")
        advice = (
            f"--training.epochs {2 * progress.epoch}" if progress.epoch >= config.epochs else "--training.patience 0"
        )
        log.info(
            f"train: this run has ended after {progress.epoch} epochs, the best of which is {progress.best_epoch}; "
            f"to train longer, add {advice}"
        )


def train_epoch(
    task: Task,
    state: TrainingState,
    loader: DataLoader[Batch],
    config: TrainingConfig,
    stop: StopRequest,
    save: Callable[[], None],
    write_step: Callable[[int, Mapping[str, float]], None],
) -> None:
    """Train on the remaining batches of the current epoch: all of them, or fewer in a resumed run."""
    progress, device = state.progress, state.accelerator.device
    state.model.train()  # evaluation had switched dropout and batch statistics off
    freeze(state.network, task.backbone, state.optimizer, config, progress.epoch)
    # The sum stays on the device: float(loss) at every step would make the CPU wait for the GPU.
    loss_sum = torch.tensor(progress.loss_sum, device=device)
    started = time.perf_counter()
    title, later = f"epoch {progress.epoch + 1} of {config.epochs}, steps", config.epochs - progress.epoch - 1
    for batch in track(remaining_batches(loader, progress), title, len(loader), progress.batch, later):
        logged = progress.step % config.log_every == 0
        learning_rate = float(state.schedule.get_last_lr()[0])  # of this step; train_step moves the schedule on
        loss, grad_norm = train_step(task.step, state, to_device(batch, device), config, measure_norm=logged)
        loss_sum += loss
        if logged:  # under the number of steps before this one, because the loss is that of the weights before it
            values = {"loss": float(state.accelerator.reduce(loss, "mean")), "learning_rate": learning_rate}
            write_step(progress.step, values | {"grad_norm": float(whole_tensor(grad_norm))})
        progress.batch += 1
        progress.step += 1
        stopping = should_stop(stop, state.accelerator, progress.step, epoch_ends=progress.batch == len(loader))
        if stopping or (config.save_every and progress.step % config.save_every == 0):
            note_progress(state, loss_sum, started)
            save()
            started = time.perf_counter()
        if stopping:
            state.accelerator.wait_for_everyone()  # torchrun ends all processes when the first one exits
            raise StoppedError(
                f"{stop.signal_name or 'another process'}: stopped in epoch {progress.epoch + 1} after step "
                f"{progress.step}, and saved; the same command with --resume continues from here."
            )
    note_progress(state, loss_sum, started)


def remaining_batches(loader: DataLoader[Batch], progress: Progress) -> Iterator[Batch]:
    """The batches of the current epoch that have not been trained on."""
    batches = loader.batch_sampler
    assert isinstance(batches, ShuffledBatches)
    batches.epoch, batches.start = progress.epoch, progress.batch
    return iter(loader)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch on the device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def train_step(
    step: Step, state: TrainingState, batch: Batch, config: TrainingConfig, measure_norm: bool = False
) -> tuple[Tensor, Tensor]:
    """One optimizer step on a batch of N examples.

    Returns:
        The mean loss of the batch and the norm of its gradient before clipping, both scalars and detached. The norm
        is NaN where neither `measure_norm` nor `max_grad_norm` asks for it.
    """
    device = state.accelerator.device
    low_precision = torch.float16 if config.precision == "fp16" else torch.bfloat16
    loss = torch.zeros((), device=device)
    grad_norm = torch.full((), math.nan)
    for microbatch, share in microbatches(batch, config.grad_accum_steps):  # tensors [N, ...] -> [N * share, ...]
        # The forward pass alone: weights, gradients and the optimizer stay in float32.
        with torch.autocast(device.type, low_precision, enabled=config.precision != "fp32"):
            part_loss = _loss_of(step, state, microbatch)  # a mean over N * share examples
        # backward() adds to .grad. Weighted by their shares, the gradients of the microbatches add up to that of
        # the mean over the whole batch; unweighted, they would be grad_accum_steps times too large.
        part_loss = part_loss * share
        # fp16 has no numbers below 6e-8: the loss is multiplied before backward so that small gradients do not become
        # zero (Micikevicius et al. 2018, "Mixed Precision Training"). In other precisions the scaler does nothing.
        state.scaler.scale(part_loss).backward()  # type: ignore[no-untyped-call]
        loss += part_loss.detach()
    if measure_norm or config.max_grad_norm:
        # Unscale first: the limit is for the true gradient, not for one multiplied by the scale of 65,536.
        state.scaler.unscale_(state.optimizer)
        grad_norm = get_total_norm([weight.grad for weight in state.model.parameters() if weight.grad is not None])
        if config.max_grad_norm:
            # One norm over all parameters, so that the gradient keeps its direction (Pascanu et al. 2013).
            clip_grads_with_norm_(state.model.parameters(), config.max_grad_norm, grad_norm)
    state.scaler.step(state.optimizer)  # skips the step where a gradient overflowed, and update() halves the scale
    state.scaler.update()
    # Per batch and not per epoch: warm-up lasts a fraction of the steps, and short runs have few epochs.
    state.schedule.step()
    # After the step and not before the next one, so that validation can use the memory of the gradients.
    state.optimizer.zero_grad()
    state.average.update()
    return loss, grad_norm


def microbatches(batch: Batch, count: int) -> Iterator[tuple[Batch, float]]:
    """Cut a batch into `count` microbatches, each with its share of the examples; memory holds one's activations."""
    size = len(next(iter(batch.values())))
    width = -(-size // count)  # rounded up
    for begin in range(0, size, width):
        part = {name: tensor[begin : begin + width] for name, tensor in batch.items()}
        yield part, min(width, size - begin) / size


def _loss_of(step: Step, state: TrainingState, microbatch: Batch) -> Tensor:
    try:
        return step(state.model, microbatch)[0]
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise UserError(
            "a batch or microbatch has a single example, and batch norm needs more than one value per channel; "
            "change training.batch_size, or lower training.grad_accum_steps."
        ) from error


def note_progress(state: TrainingState, loss_sum: Tensor, started: float) -> None:
    """Put the loss and the training time into the progress, before it is saved.

    Raises:
        DivergedError: the loss is infinite or NaN; the weights that it has updated must not be saved.
    """
    progress = state.progress
    progress.seconds += time.perf_counter() - started
    progress.loss_sum = float(state.accelerator.reduce(loss_sum, "mean"))
    if not math.isfinite(progress.loss_sum):
        kept = f"the weights of epoch {progress.best_epoch} are kept" if progress.best_epoch else "nothing was saved"
        raise DivergedError(
            f"the training loss became {progress.loss_sum} in epoch {progress.epoch + 1}; "
            f"lower --training.learning_rate ({kept})."
        )


@torch.no_grad()
def evaluate(task: Task, model: nn.Module, loader: DataLoader[Batch], device: torch.device) -> dict[str, float]:
    """The mean loss and the task's metrics of `model` on a whole loader; draws nothing from the training randomness."""
    model.eval()
    task.metrics.reset(device)
    totals = torch.zeros(2, device=device)  # the sum of the losses, the number of examples
    for batch in track(loader, "validate"):
        loss, logits, targets = task.step(model, to_device(batch, device))
        task.metrics.update(logits, targets)
        totals += torch.stack([loss * len(targets), torch.full_like(loss, len(targets))])
    loss_sum, count = sum_over_processes(totals)
    return {"loss": float(loss_sum / count)} | task.metrics.compute()


def close_epoch(progress: Progress, metrics: dict[str, float], monitor: str) -> bool:
    """Append the epoch's record to the history; return whether the epoch is the best so far."""
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
    """What ranks epochs: the score, then the loss, because small validation splits often tie on the score."""
    return metrics[monitor], -metrics["loss"]


def finished(progress: Progress, config: TrainingConfig) -> bool:
    """Whether all epochs are done, or `patience` epochs have passed without a better one."""
    waited = progress.epoch - progress.best_epoch
    return progress.epoch >= config.epochs or (config.patience > 0 and waited >= config.patience)


def save_best(state: TrainingState, output_dir: Path, metadata: Mapping[str, Any]) -> None:
    """Save the weights of the best epoch so far."""
    weights = whole_weights(state.average.model)  # called on every process, because FSDP gathers all shards
    if is_main_process():
        save_checkpoint(best_checkpoint(output_dir), weights, metadata)


def save_whole_state(state: TrainingState, path: Path, metadata: Mapping[str, Any]) -> None:
    """Save the state to resume from."""
    content = state.state_dict()  # called on every process, because it gathers all random states
    if is_main_process():
        save_state(path, content, metadata)


def save_periodic(state: TrainingState, output_dir: Path, metadata: Mapping[str, Any], config: TrainingConfig) -> None:
    """Every `keep_every` epochs, save the state in a separate file; the newest `max_to_keep` of them stay."""
    if config.keep_every == 0 or state.progress.epoch % config.keep_every != 0:
        return
    newest = epoch_checkpoint(output_dir, state.progress.epoch)
    save_whole_state(state, newest, metadata)
    if is_main_process():
        # Files of later epochs are an earlier run's; this run replaces them when it reaches those epochs.
        kept = [path for path in epoch_checkpoints(output_dir) if path <= newest]
        for old in kept[: -config.max_to_keep]:
            old.unlink()


def restore_best(progress: Progress, resume: Path, output_dir: Path) -> None:
    """Make sure that the run's folder has the best weights so far; copy them from the folder of the state `resume`.

    If neither place has them, the next epoch counts as the best one.
    """
    here, best = best_checkpoint(output_dir), progress.best_epoch
    there = resume.with_name(here.name)
    if not best or is_of_epoch(here, best):
        return
    if not is_of_epoch(there, best):
        log.warning(f"the weights of epoch {best}, the best so far, are gone; those of the next epoch are kept.")
        progress.best_metrics = {}
    elif is_main_process():
        with atomic_write(here) as file:
            file.write(there.read_bytes())


def is_of_epoch(path: Path, epoch: int) -> bool:
    """Whether the checkpoint exists and holds the weights of that epoch."""
    return path.is_file() and read_metadata(path).get("epoch") == epoch
