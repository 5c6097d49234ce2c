"""Short trials in place of a training run, to find a mistake or a setting in a minute: `train --trial overfit`.

A trial starts from fresh weights and does not touch the checkpoints of earlier runs.
"""

import itertools
import math
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn
from torch.profiler import ProfilerActivity, profile, schedule
from torch.utils.data import DataLoader

from shared.console import log, track
from shared.data.memory import Batch
from shared.files import atomic_write
from shared.process import require_one_process
from shared.results import write_result
from shared.training.loop import Task, evaluate, remaining_batches, to_device, train_step
from shared.training.settings import TrainingConfig, Trial
from shared.training.setup import start
from shared.training.state import Progress, TrainingState

OVERFIT_STEPS = 100
FIND_STEPS = 150
LOWEST_RATE, HIGHEST_RATE = 1e-6, 1.0
PROFILED_STEPS = 10


@dataclass(frozen=True)
class TrialContext:
    """The arguments that `fit` would get."""

    task: Task
    model: nn.Module
    train_loader: DataLoader[Batch]
    validation_loader: DataLoader[Batch]
    config: TrainingConfig
    output_dir: Path

    def start(self) -> TrainingState:
        """The state before the first step, with a constant learning rate."""
        require_one_process("a trial")
        config = replace(self.config, schedule="constant")
        state = start(self.model, len(self.train_loader), config, self.task.backbone)
        state.model.train()
        return state

    def step(self, state: TrainingState, batch: Batch) -> float:
        """One training step; returns its loss."""
        return float(train_step(self.task.step, state, to_device(batch, state.accelerator.device), self.config)[0])

    def batches(self) -> Iterator[Batch]:
        """Training batches, epoch after epoch, without an end."""
        for epoch in itertools.count():
            yield from remaining_batches(self.train_loader, Progress(epoch=epoch))


def run_trial(trial: Trial, context: TrialContext, seed: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Run one trial and write outputs/trial-<name>.json, as `write_result` does."""
    run = {"one_batch": one_batch, "overfit": overfit, "lr_find": lr_find, "profile": profile_steps}[trial]
    started = time.perf_counter()
    metrics = run(context, context.start())
    seconds = time.perf_counter() - started
    return write_result(context.output_dir, f"trial-{trial}", seed=seed, data=data, metrics=metrics, seconds=seconds)


def one_batch(context: TrialContext, state: TrainingState) -> dict[str, Any]:
    """One step and one validation, to see that everything fits together."""
    batch = next(context.batches())
    loss = context.step(state, batch)
    metrics = evaluate(context.task, context.model, context.validation_loader, state.accelerator.device)
    shapes = {name: list(tensor.shape) for name, tensor in batch.items()}
    shown = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    log.info(f"trial one_batch: a step on {shapes} has the loss {loss:.4f}; validation gives {shown}")
    return {"loss": loss, "shapes": shapes, "validation": metrics}


def overfit(context: TrialContext, state: TrainingState) -> dict[str, Any]:
    """Many steps on one batch, which every network without a mistake learns by heart."""
    batch = next(context.batches())
    losses = [context.step(state, batch) for _ in track(range(OVERFIT_STEPS), "overfit")]
    learned = losses[-1] < 0.5 * losses[0]
    verdict = "one batch can be learned" if learned else "one batch is not learned: check the rate, loss and labels"
    log.info(f"trial overfit: the loss went from {losses[0]:.4f} to {losses[-1]:.4f} in {len(losses)} steps; {verdict}")
    return {"losses": losses, "learned": learned}


def lr_find(context: TrialContext, state: TrainingState) -> dict[str, Any]:
    """The learning-rate range test (Smith 2017): the loss while the rate grows from step to step."""
    from shared.report.plots import rate_test  # Matplotlib, which no other run needs

    batches = context.batches()
    growth = (HIGHEST_RATE / LOWEST_RATE) ** (1 / (FIND_STEPS - 1))
    rates = [LOWEST_RATE * growth**step for step in range(FIND_STEPS)]
    losses: list[float] = []
    smooth = 0.0
    for step, rate in enumerate(track(rates, "lr_find")):
        for group in state.optimizer.param_groups:
            group["lr"] = rate * (context.config.backbone_lr_scale if group["layer"] else 1.0)
        smooth = 0.9 * smooth + 0.1 * context.step(state, next(batches))
        losses.append(smooth / (1 - 0.9 ** (step + 1)))
        if not losses[-1] <= 3 * min(losses):  # also if the loss is NaN
            break
    rates = rates[: len(losses)]
    suggested = suggest_rate(rates, losses)
    path = context.output_dir / "trial-lr_find.png"
    with atomic_write(path) as file:
        file.write(rate_test(rates, losses, suggested))
    log.info(f"trial lr_find: --training.learning_rate {suggested:g} (see {path})")
    return {"suggested": suggested, "rates": rates, "losses": [round(loss, 6) for loss in losses]}


def profile_steps(context: TrialContext, state: TrainingState) -> dict[str, Any]:
    """Where the time of a step goes, and a trace of some steps to look at."""
    on_gpu = [ProfilerActivity.CUDA] if state.accelerator.device.type == "cuda" else []
    steps = schedule(wait=1, warmup=2, active=PROFILED_STEPS)
    with profile(activities=[ProfilerActivity.CPU, *on_gpu], schedule=steps) as profiler:
        for batch in itertools.islice(context.batches(), 3 + PROFILED_STEPS):
            context.step(state, batch)
            profiler.step()
    path = context.output_dir / "trial-profile-trace.json"
    with tempfile.TemporaryDirectory() as folder, atomic_write(path) as file:
        profiler.export_chrome_trace(f"{folder}/trace.json")
        file.write(Path(folder, "trace.json").read_bytes())
    slowest = sorted(profiler.key_averages(), key=lambda row: -row.self_cpu_time_total)[:10]
    rows = {row.key: round(row.self_cpu_time_total / 1000 / PROFILED_STEPS, 3) for row in slowest}
    for name, milliseconds in rows.items():
        log.info(f"{milliseconds:>10.3f} ms a step  {name}")
    log.info(f"trial profile: the trace is in {path}; https://ui.perfetto.dev shows it")
    return {"cpu_milliseconds_a_step": rows, "trace": path.name}


def suggest_rate(rates: list[float], losses: list[float]) -> float:
    """A tenth of the rate at which the smoothed loss is lowest: still far from where it explodes (Smith 2017)."""
    finite = [(loss, rate) for loss, rate in zip(losses, rates, strict=True) if math.isfinite(loss)]
    return float(f"{min(finite)[1] / 10:.2g}") if finite else LOWEST_RATE
