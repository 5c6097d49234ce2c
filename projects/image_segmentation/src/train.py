"""Train the network: train(config) -> metrics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from shared.config import to_plain
from shared.console import log
from shared.data.batches import fitting_batch_size
from shared.data.masks import IGNORE
from shared.data.memory import Batch
from shared.files import require_writable
from shared.metrics.segmentation import class_counts, training_metrics
from shared.seeding import seed_everything
from shared.training.checkpoint import state_to_resume
from shared.training.loop import RunDirs, Step, Task, fit
from shared.training.losses import Loss, class_weights
from shared.training.result import progress_of, resumed_record, write_training
from shared.training.settings import Trial
from shared.training.trials import TrialContext, run_trial
from src.augmentation import cut_size
from src.config import PROJECT, Config
from src.dataloader import Data, load_data, make_loaders
from src.losses import make_loss
from src.utils import BACKBONE, load_first_weights, make_model


def train(
    config: Config, resume: bool = False, checkpoint: Path | None = None, trial: Trial = "none"
) -> dict[str, Any]:
    """Train the network and keep the weights that do best on the validation split.

    Writes `outputs/checkpoints/{best,last}.safetensors`, `outputs/metrics.jsonl`, `outputs/train.json` and
    TensorBoard curves.

    Args:
        resume: go on with the run that was stopped, to the same end as if it had not been
        checkpoint: the state to go on from; that of the last step saved where not given
        trial: a short trial in place of the run: one_batch, overfit (one batch), lr_find (of learning), profile
    """
    require_writable(config.output_dir)
    require_writable(config.log_dir)
    seed_everything(config.seed)
    data = load_data(config)
    loaders = make_loaders(data, config)
    model = make_model(config, data.classes)
    origin = load_first_weights(model, config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    batch_size = fitting_batch_size(data.counts["train"], config.training.batch_size)
    height, width = cut_size(data.splits.train, config.data)
    log.info(
        f"train: {config.model.name} with {parameters:,} parameters on {data.record.source} {data.counts}, "
        f"batches of {batch_size} cuts of {width}x{height}, seed {config.seed}"
    )
    backbone = "" if config.model.name == "small_unet" else BACKBONE
    metrics = training_metrics(len(data.classes), IGNORE)
    task = Task(make_step(loss_for(data, config)), metrics, monitor="mean_iou", backbone=backbone)
    if trial != "none":
        context = TrialContext(task, model, loaders.train, loaders.validation, config.training, config.output_dir)
        return run_trial(trial, context, config.seed, data.as_dict())
    # What was used, not what was asked for, is what later verbs must use.
    config = replace(config, data=replace(config.data, source=data.record.source))
    resume_from = state_to_resume(config.output_dir, resume, checkpoint)
    metadata = {
        "config": to_plain(config, PROJECT),
        "not_trained": config.NOT_TRAINED,
        "classes": data.classes,
        "data": resumed_record(data.as_dict(), resume_from),
        "seed": config.seed,
        "parameters": parameters,
        "first_weights": origin.as_dict(),
    }
    run_dirs = RunDirs(config.output_dir, config.log_dir)
    state = fit(task, model, loaders.train, loaders.validation, config.training, run_dirs, metadata, resume_from)
    return write_training(
        config.output_dir,
        metadata,
        batch_size=batch_size,
        cut=[height, width],
        first_weights=metadata["first_weights"],
        **progress_of(state),
    )


def loss_for(data: Data, config: Config) -> Loss:
    """The loss of the configuration, with class weights by the training split's pixels where asked for."""
    counts = class_counts([torch.from_numpy(mask) for mask in data.splits.train.masks], len(data.classes))
    weights = class_weights(counts, config.training.class_weights)
    return make_loss(config.loss, config.training.label_smoothing, weights)


def make_step(loss: Loss) -> Step:
    """One step of segmentation: batch -> (loss, logits, masks)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits, masks = model(batch["images"]), batch["masks"].long()
        return loss(logits, masks), logits, masks

    return step
