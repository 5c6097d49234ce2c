"""The training verb around the loop: what is checked before it, recorded beside the weights, and written after it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn
from torch.utils.data import DataLoader

from shared.config import to_plain
from shared.console import log
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.data.splits import Splits
from shared.files import require_writable
from shared.seeding import seed_everything
from shared.training.checkpoint import state_to_resume
from shared.training.loop import RunDirs, Task, fit
from shared.training.result import progress_of, resumed_record, write_training
from shared.training.settings import Trial
from shared.training.trials import TrialContext, run_trial


def prepare_run(config: Any) -> None:
    """Prove that results can be written, before any work is spent, and seed every random source.

    Raises:
        UserError: a folder cannot be written.
    """
    require_writable(config.output_dir)
    require_writable(config.log_dir)
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
) -> dict[str, Any]:
    """Train, keep the weights that do best on validation, and write outputs/train.json; or run a short trial.

    Args:
        project: the project's folder.
        resume: go on with the run that was stopped, to the same end as if it had not been.
        checkpoint: the state to go on from; the last one saved where it is None.
        metadata: what the project records beside the weights, as plain types; `first_weights` are random if not given.
        details: what the project records in train.json, as plain types; the run's first line shows them.

    Returns:
        The content of train.json.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    details = _batch_size(loaders.train, config.training.batch_size) | dict(details or {})
    shown = ", ".join(f"{name.replace('_', ' ')} {_rounded(value)}" for name, value in details.items())
    log.info(
        f"train: {config.model.name} with {parameters:,} parameters on {data.record.source} {data.counts}, "
        f"{shown}, seed {config.seed}"
    )
    if trial != "none":
        context = TrialContext(task, model, loaders.train, loaders.validation, config.training, config.output_dir)
        return run_trial(trial, context, config.seed, data.as_dict())
    resume_from = state_to_resume(config.output_dir, resume, checkpoint)
    facts = run_facts(config, project, data, {"parameters": parameters, **(metadata or {})}, resume_from)
    run_dirs = RunDirs(config.output_dir, config.log_dir)
    state = fit(task, model, loaders.train, loaders.validation, config.training, run_dirs, facts, resume_from)
    return write_training(config.output_dir, facts, monitor=task.monitor, **details, **progress_of(state))


def run_facts(
    config: Any, project: Path, data: Data, metadata: Mapping[str, Any], resume_from: Path | None = None
) -> dict[str, Any]:
    """What is recorded beside the weights, as plain types (see `train_network`); `parameters` is in the metadata."""
    # Later verbs must read the data that was used: `auto` may find something else by then.
    used = replace(config, data=replace(config.data, source=data.record.source))
    return {
        "config": to_plain(used, project),
        "not_trained": config.NOT_TRAINED,
        "classes": data.classes,
        "data": resumed_record(data.as_dict(), resume_from),
        "seed": config.seed,
        "first_weights": {"source": "random", "license": ""},
        **metadata,
    }


def _batch_size(loader: DataLoader[Batch], wanted: int) -> dict[str, Any]:
    """The batch size used; where the data is too small for the wanted one, that is said and recorded."""
    used: int = loader.batch_sampler.batch_size  # type: ignore[union-attr]
    if used == wanted:
        return {"batch_size": used}
    log.info(f"train: batches of {used}, because training.batch_size {wanted} would give too few steps an epoch")
    return {"batch_size": used, "batch_size_wanted": wanted}


def _rounded(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
