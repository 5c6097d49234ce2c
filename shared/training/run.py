"""The verb `train` around the loop: checks before it, metadata for the checkpoints, and the result after it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn
from torch.utils.data import DataLoader

from shared.config import to_plain
from shared.console import log
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.data.splits import Splits
from shared.files import file_digest, require_writable
from shared.process import is_main_process, keep_freed_memory
from shared.results import write_result
from shared.seeding import seed_everything
from shared.training.checkpoint import load_state, state_to_resume
from shared.training.files import best_checkpoint, last_checkpoint, read_metadata
from shared.training.folder import training_lock
from shared.training.loop import Task, fit
from shared.training.runs import keep_earlier_run
from shared.training.settings import Trial
from shared.training.start_from import checkpoint_to_start_from, take_weights
from shared.training.tracker import require_tracker, start_tracker
from shared.training.trials import TrialContext, run_trial


def prepare_run(config: Any) -> None:
    """Check that results can be written, before training costs time; settle memory and random sources.

    Raises:
        UserError: a folder cannot be written to, another process trains in it, or the tracker is not installed.
    """
    require_writable(config.output_dir)
    require_writable(config.log_dir)
    require_tracker(config.training.tracker)
    with training_lock(config.output_dir):
        pass
    keep_freed_memory()
    seed_everything(config.seed)


def train_network(
    task: Task,
    model: nn.Module,
    loaders: Splits[DataLoader[Batch]],
    data: Data,
    config: Any,
    project: Path,
    *,
    resume: bool = False,
    checkpoint: Path | None = None,
    trial: Trial = "none",
    metadata: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    try_first: str = "",
) -> dict[str, Any]:
    """Train, keep the weights that do best on validation, and write outputs/train.json; or run a short trial.

    Args:
        project: the project's folder.
        resume: continue the stopped run; its result is the same as without the stop.
        checkpoint: the state to resume from; the last one saved if None.
        metadata: what the project records beside the weights, as plain types; `first_weights` are random if not given.
        details: what the project records in train.json, as plain types; the run's first line shows them.
        try_first: flags that most likely help where the network does not beat the baselines; more epochs if empty.

    Returns:
        The content of train.json.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    resume_from = state_to_resume(config.output_dir, resume, checkpoint)
    origin = {}
    if not resume_from and (start := checkpoint_to_start_from(config)):
        origin = {"first_weights": take_weights(model, start, data.classes)}
    train, validation = loaders.train, loaders.validation
    config, added = with_enough_epochs(config, len(train))
    batch_size, wanted = train.batch_sampler.batch_size, config.training.batch_size  # type: ignore[union-attr]
    details = {"batch_size": batch_size} | dict(details or {}) | added
    if batch_size != wanted:
        details |= {"batch_size_wanted": wanted}
        log.info(f"train: batches of {batch_size}, because training.batch_size {wanted} would give too few steps")
    shown = ", ".join(
        f"{name.replace('_', ' ')} {f'{value:.3g}' if isinstance(value, float) else value}"
        for name, value in details.items()
    )
    log.info(
        f"train: {config.model.name} with {parameters:,} parameters on {data.record.source} {data.counts}, "
        f"{shown}, seed {config.seed}"
    )
    if trial != "none":
        context = TrialContext(task, model, train, validation, config.training, config.output_dir)
        return run_trial(trial, context, config.seed, data.as_dict())
    known = {"parameters": parameters} | dict(metadata or {}) | origin
    recorded = run_metadata(config, project, data, known, resume_from)
    folders = config.output_dir, config.log_dir
    with training_lock(config.output_dir):
        if resume_from != last_checkpoint(config.output_dir):  # what is in the folder will be written over
            if resume_from:
                load_state(resume_from, recorded)  # refused before anything is moved
            beside = resume_from and resume_from.parent.resolve() == best_checkpoint(config.output_dir).parent.resolve()
            keep_earlier_run(config.output_dir, config.training.keep_runs, move=not beside)
        tracker = partial(start_tracker, config, project, recorded)
        state = fit(task, model, train, validation, config.training, *folders, recorded, resume_from, tracker)
    progress = state.progress
    return write_training(
        config.output_dir,
        recorded,
        progress.best_metrics,
        progress.seconds,
        device=str(state.accelerator.device),
        monitor=task.monitor,
        best_epoch=progress.best_epoch,
        steps=progress.step,
        history=progress.history,
        **({"extensions": progress.extensions} if progress.extensions else {}),
        **({"tracker": progress.tracker} if progress.tracker else {}),
        try_first=try_first,
        **details,
    )


def with_enough_epochs(config: Any, steps_per_epoch: int) -> tuple[Any, dict[str, Any]]:
    """The configuration with as many epochs as `training.min_steps` needs, and what train.json says of it."""
    training = config.training
    epochs = max(training.epochs, -(-training.min_steps // steps_per_epoch))
    if epochs == training.epochs:
        return config, {}
    log.info(
        f"train: {epochs} epochs in place of {training.epochs}, which would give only "
        f"{training.epochs * steps_per_epoch} optimizer steps; --training.min_steps 0 leaves it at {training.epochs}"
    )
    enough = replace(training, epochs=epochs, min_steps=0)  # recorded as what it is, a run of that many epochs
    return replace(config, training=enough), {"epochs_wanted": training.epochs}


def run_metadata(
    config: Any, project: Path, data: Data, metadata: Mapping[str, Any], resume_from: Path | None = None
) -> dict[str, Any]:
    """What is recorded beside the weights, as plain types (see `train_network`); `parameters` is in the metadata."""
    # Later verbs must read the data that was used, in the same way: `auto` may find something else by then.
    used = replace(config, data=replace(config.data, source=data.record.source, **data.settled))
    record = data.as_dict()
    if resume_from:  # as when the run began, whatever `auto` finds now
        began = read_metadata(resume_from)
        record["substituted"] = began["data"]["substituted"]
        metadata = {**metadata, "first_weights": began["first_weights"]}
    return {
        "config": to_plain(used, project),
        "not_trained": config.NOT_TRAINED,
        "classes": data.classes,
        "data": record,
        "seed": config.seed,
        "first_weights": {"source": "random", "license": ""},
        "trained_on": "".join(data.splits.train.fingerprints()),
        **metadata,
    }


def write_training(
    output_dir: Path, metadata: Mapping[str, Any], metrics: Mapping[str, float], seconds: float, **details: Any
) -> dict[str, Any]:
    """Write outputs/train.json and return its content.

    Args:
        metadata: what the checkpoints hold about the run (see `run_metadata`).
        metrics: of the best epoch, on the validation split.
        details: further entries of train.json, as plain types.
    """
    return write_result(
        output_dir,
        "train",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"validation": dict(metrics)},
        seconds=seconds,
        parameters=metadata["parameters"],
        first_weights=metadata["first_weights"],
        config=metadata["config"],
        checkpoint=file_digest(best_checkpoint(output_dir)) if is_main_process() else "",
        **details,
    )
