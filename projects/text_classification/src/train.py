"""Train the network, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.build import build_model
from shared.console import log, shown
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.metrics.classification import training_metrics
from shared.training.loop import Step, Task
from shared.training.losses import Loss, classification_loss
from shared.training.run import prepare_run, train_network
from shared.training.settings import Trial
from src.config import PROJECT, Config
from src.dataloader import TokenBatches, load_data, make_loaders, padding_share
from src.reading import choose_network, inspect_tokens, settings_file


def train(
    config: Config,
    resume: bool = False,
    checkpoint: Path | None = None,
    trial: Trial = "none",
    *,
    data: Data | None = None,
) -> dict[str, Any]:
    """Train the network and keep the weights that do best on the validation split.

    Writes `outputs/checkpoints/{best,last}.safetensors`, `outputs/metrics.jsonl`, `outputs/train.json` and
    TensorBoard curves.

    Args:
        resume: continue the stopped run; its result is the same as without the stop
        checkpoint: the state to resume from; the last one saved if not given
        trial: a short trial in place of the run: one_batch, overfit (one batch), lr_find, profile
        data: the result of `load_data`, if the data has been read already
    """
    prepare_run(config)
    data = data or load_data(config)
    config, choice = choose_network(config, data)
    bundle = build_model(config, data)  # the tokenizer is part of it: it is learned from the training split
    loaders = make_loaders(data, bundle.tokens, config)
    loss = classification_loss(data.splits.train["labels"], len(data.classes), config.training)
    task = Task(make_step(loss), training_metrics(len(data.classes)), monitor="accuracy", backbone=bundle.backbone)
    whole: TokenBatches = loaders.train.dataset  # type: ignore[assignment]
    warnings, shares, try_first = inspect_tokens(config, whole, data.splits.train["texts"], data.classes)
    warnings = [choice] * bool(choice) + warnings
    if config.training.backbone_lr_scale != 1 and not bundle.backbone:
        kind = config.model.tuning if config.model.name == "pretrained" else config.model.name
        file = shown(settings_file(kind))
        warnings.append(f"these training settings are for another network; --config {file} has some for {kind}.")
    for sentence in warnings:
        log.warning(sentence)
    padding, tokens = padding_share(loaders.train, whole.rows.lengths), int(whole.rows.lengths.sum())
    return train_network(
        task,
        bundle.model,
        loaders,
        data,
        config,
        PROJECT,
        resume=resume,
        checkpoint=checkpoint,
        trial=trial,
        metadata=bundle.metadata,
        details=shares | {"padding_share": padding, "tokens_per_epoch": tokens},
        try_first=try_first,
    )


def make_step(loss: Loss) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["ids"])  # int64 [N, L] -> float [N, classes]
        return loss(logits, batch["labels"]), logits, batch["labels"]

    return step
