"""Train the embedder: train(config) -> metrics."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.model import Embedder
from models.pretrained import Origin
from shared.config import to_plain
from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.memory import Batch
from shared.errors import UserError
from shared.files import require_writable
from shared.metrics.verification import training_metrics
from shared.seeding import seed_everything
from shared.training.checkpoint import save_checkpoint, state_to_resume
from shared.training.files import best_checkpoint
from shared.training.loop import RunDirs, Task, evaluate, fit
from shared.training.result import progress_of, resumed_record, write_training
from shared.training.settings import Trial
from shared.training.trials import TrialContext, run_trial
from src.config import PROJECT, Config
from src.dataloader import Data, load_data, make_loaders
from src.losses import MetricLearner
from src.utils import EMBEDDER, crop_size, load_first_weights, make_model


@dataclass(frozen=True)
class ModelBundle:
    """What a run begins with."""

    config: Config
    data: Data
    embedder: Embedder
    origin: Origin

    @property
    def has_nothing_to_learn(self) -> bool:
        """Trained weights without anything behind them are used as they are."""
        return self.origin.trained and self.config.model.head == "none"

    def metadata(self, record: dict[str, Any]) -> dict[str, Any]:
        """What to record beside the weights."""
        # What was used, not what was asked for, is what later verbs must use.
        used = replace(self.config, data=replace(self.config.data, source=self.data.record.source))
        return {
            "config": to_plain(used, PROJECT),
            "not_trained": used.NOT_TRAINED,
            "data": record,
            "seed": self.config.seed,
            "parameters": sum(parameter.numel() for parameter in self.embedder.parameters()),
            "first_weights": self.origin.as_dict(),
            "trained_on_data": not self.has_nothing_to_learn,
        }


def train(
    config: Config, resume: bool = False, checkpoint: Path | None = None, trial: Trial = "none"
) -> dict[str, Any]:
    """Train the embedder and keep the weights that do best on the validation people.

    Writes `outputs/checkpoints/{best,last}.safetensors`, `outputs/metrics.jsonl`, `outputs/train.json` and
    TensorBoard curves. An embedder that comes trained, without a head, is kept as it is.

    Args:
        resume: go on with the run that was stopped, to the same end as if it had not been
        checkpoint: the state to go on from; that of the last step saved where not given
        trial: a short trial in place of the run: one_batch, overfit (one batch), lr_find (of learning), profile
    """
    require_writable(config.output_dir)
    require_writable(config.log_dir)
    seed_everything(config.seed)
    data = load_data(config, crop_size(config))
    embedder = make_model(config)
    bundle = ModelBundle(config, data, embedder, load_first_weights(embedder, config, data))
    if not bundle.has_nothing_to_learn:
        return _learn(bundle, resume, checkpoint, trial)
    if resume or trial != "none":
        raise UserError(
            f"{config.model.name} comes trained and has nothing to learn here; choose --model.head linear to train a "
            "matrix behind it, or --model.name small."
        )
    return _keep(bundle)


def _learn(bundle: ModelBundle, resume: bool, checkpoint: Path | None, trial: Trial) -> dict[str, Any]:
    config, data = bundle.config, bundle.data
    train_loader, validation_loader = make_loaders(data, config)
    people = len(data.train_people)
    model = MetricLearner(bundle.embedder, people, config.loss)
    batch_size = fitting_batch_size(people, config.training.batch_size)
    log.info(
        f"train: {config.model.name} with {config.loss.name} on {data.record.source} {data.counts}, {people} people, "
        f"batches of {batch_size} people by {config.data.photos_per_person} photos, seed {config.seed}"
    )
    backbone = f"{EMBEDDER}.network" if bundle.origin.trained else ""
    task = Task(step, training_metrics(), monitor="auc", backbone=backbone)
    if trial != "none":
        context = TrialContext(task, model, train_loader, validation_loader, config.training, config.output_dir)
        return run_trial(trial, context, config.seed, data.as_dict())
    resume_from = state_to_resume(config.output_dir, resume, checkpoint)
    metadata = bundle.metadata(resumed_record(data.as_dict(), resume_from))
    run_dirs = RunDirs(config.output_dir, config.log_dir)
    state = fit(task, model, train_loader, validation_loader, config.training, run_dirs, metadata, resume_from)
    return _write(bundle, metadata, batch_size=batch_size, **progress_of(state))


def _keep(bundle: ModelBundle) -> dict[str, Any]:
    """Save the trained weights as a checkpoint, with their score on the validation people."""
    config, data = bundle.config, bundle.data
    log.info(f"train: {config.model.name} comes trained, so nothing is learned; its weights are kept as they are")
    started = time.perf_counter()
    model = MetricLearner(bundle.embedder, len(data.train_people), config.loss)
    validation_loader = make_loaders(data, config)[1]
    metrics = evaluate(Task(step, training_metrics(), "auc"), model, validation_loader, torch.device("cpu"))
    metadata = bundle.metadata(data.as_dict())
    tensors = nn.ModuleDict({EMBEDDER: bundle.embedder}).state_dict()
    save_checkpoint(best_checkpoint(config.output_dir), tensors, {**metadata, "epoch": 0, "metrics": metrics})
    return _write(
        bundle, metadata, metrics=metrics, seconds=time.perf_counter() - started, best_epoch=0, steps=0, history=[]
    )


def _write(bundle: ModelBundle, metadata: dict[str, Any], **details: Any) -> dict[str, Any]:
    kept = {name: metadata[name] for name in ("first_weights", "trained_on_data")}
    return write_training(bundle.config.output_dir, metadata, **kept, **details)


def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """One step of metric learning: batch -> (loss, embeddings, labels)."""
    loss, embeddings = model(batch["crops"], batch["labels"])
    return loss, embeddings, batch["labels"]
