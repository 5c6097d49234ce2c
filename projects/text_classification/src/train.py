"""Train the network, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
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
from src.config import PROJECT, Config, TokenizerConfig
from src.dataloader import TokenBatches, load_data, make_loaders, padding_share
from src.reading import choose_network, look_at_tokens, settings_file
from src.tokens import MOST_TOKENS, Tokens, pretrained_tokenizer


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
    warnings, unread_share = look_at_tokens(config, whole, data.classes)
    if choice:
        warnings.insert(0, choice)
    if config.training.backbone_lr_scale != 1 and not bundle.backbone:
        kind = config.model.tuning if config.model.name == "pretrained" else config.model.name
        file = shown(settings_file(kind))
        warnings.append(f"these training settings are for another network; --config {file} has some for {kind}.")
    for sentence in warnings:
        log.warning(sentence)
    details = {
        "padding_share": padding_share(loaders.train, whole.rows.lengths),
        "cut_share": float(whole.rows.cuts.mean()),
        "unread_share": unread_share,
        "tokens_per_epoch": int(whole.rows.lengths.sum()),
    }
    wanted, sentence = more_tokens(bundle.tokens, data.splits.train["texts"], config)
    if wanted:
        log.info(f"train: {sentence}")
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
        details=details,
        try_first=f"--tokenizer.max_tokens {wanted}" if wanted and details["cut_share"] > CUT_MATTERS else "",
    )


CUT_MATTERS = 0.25
"""The share of cut texts above which more tokens are what to try first."""


def more_tokens(tokens: Tokens, texts: Sequence[str], config: Config) -> tuple[int, str]:
    """The tokenizer.max_tokens that would read nearly all texts, and what it brings and costs; 0 where few are cut.

    Measured on a sample of the texts. Attention takes longer than in proportion to the tokens.
    """
    now = config.tokenizer.max_tokens
    largest = min(MOST_TOKENS, 4 * now)
    longer = pretrained_tokenizer(tokens.content, tokens.pad, TokenizerConfig(largest + 1))
    lengths = longer.ids(texts[:: -(-len(texts) // 500)]).lengths  # int64 [up to 500]
    if (lengths > now).mean() <= 0.05 or largest <= now:
        return 0, ""
    wanted = 2 * now if 2 * now < largest and (lengths <= 2 * now).mean() > 0.95 else largest
    times = np.minimum(lengths, wanted).sum() / np.minimum(lengths, now).sum()
    return wanted, (
        f"--tokenizer.max_tokens {wanted} would read {(lengths <= wanted).mean():.0%} of the texts to their end, "
        f"{now} reads {(lengths <= now).mean():.0%}; an epoch would have {times:.1f} times as many tokens and take "
        "at least that many times as long"
    )


def make_step(loss: Loss) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["ids"])  # int64 [N, L] -> float [N, classes]
        return loss(logits, batch["labels"]), logits, batch["labels"]

    return step
