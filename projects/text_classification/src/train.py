"""Train the network: train(config) -> metrics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from shared.config import to_plain
from shared.console import log
from shared.data.memory import Batch
from shared.files import require_writable
from shared.metrics.classification import training_metrics
from shared.seeding import seed_everything
from shared.training.checkpoint import state_to_resume
from shared.training.loop import RunDirs, Step, Task, fit
from shared.training.losses import Loss, classification_loss
from shared.training.result import progress_of, resumed_record, write_training
from shared.training.settings import Trial
from shared.training.trials import TrialContext, run_trial
from src.config import PROJECT, Config
from src.dataloader import load_data, make_loaders, padding_share
from src.utils import build_model


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
    bundle = build_model(config, data)
    loaders = make_loaders(data, bundle.tokens, config)
    lengths = loaders.train.dataset.lengths  # type: ignore[attr-defined]
    loss = classification_loss(data.splits.train.labels, len(data.classes), config.training)
    parameters = sum(parameter.numel() for parameter in bundle.model.parameters())
    batch_size = loaders.train.batch_sampler.batch_size  # type: ignore[union-attr]
    padding = padding_share(loaders.train, lengths)
    most = config.tokenizer.max_tokens
    cut = sum(length == most for length in lengths) / len(lengths)
    log.info(
        f"train: {config.model.name} with {parameters:,} parameters on {data.record.source} {data.counts}, "
        f"batches of {batch_size}, {padding:.1%} of them padding, {cut:.0%} of the texts cut at {most} tokens, "
        f"seed {config.seed}"
    )
    task = Task(make_step(loss), training_metrics(len(data.classes)), monitor="accuracy", backbone=bundle.backbone)
    if trial != "none":
        context = TrialContext(
            task, bundle.model, loaders.train, loaders.validation, config.training, config.output_dir
        )
        return run_trial(trial, context, config.seed, data.as_dict())
    # What was used, not what was asked for, is what later verbs must use.
    config = replace(config, data=replace(config.data, source=data.record.source))
    state_file = state_to_resume(config.output_dir, resume, checkpoint)
    metadata = {
        "config": to_plain(config, PROJECT),
        "not_trained": config.NOT_TRAINED,
        "classes": data.classes,
        "data": resumed_record(data.as_dict(), state_file),
        "seed": config.seed,
        "parameters": parameters,
        "first_weights": bundle.origin,
        "encoder": bundle.facts,
        "tokenizer": {"content": bundle.tokens.content, "pad": bundle.tokens.pad},
    }
    run_dirs = RunDirs(config.output_dir, config.log_dir)
    state = fit(task, bundle.model, loaders.train, loaders.validation, config.training, run_dirs, metadata, state_file)
    progress = state.progress
    return write_training(
        config.output_dir,
        metadata,
        batch_size=batch_size,
        first_weights=bundle.origin,
        padding_share=padding,
        cut_share=cut,
        tokens_per_second=sum(lengths) * progress.epoch / progress.seconds,
        **progress_of(state),
    )


def make_step(loss: Loss) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["ids"])
        return loss(logits, batch["labels"]), logits, batch["labels"]

    return step
