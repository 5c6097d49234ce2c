"""Train the network, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.model import BACKBONE, load_first_weights, make_model
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.metrics.classification import training_metrics
from shared.metrics.multilabel import mean_average_precision
from shared.metrics.running import GatheredMetrics
from shared.training.loop import Step, Task
from shared.training.losses import Loss, classification_loss
from shared.training.run import prepare_run, train_network
from shared.training.settings import Trial
from shared.training.start_from import checkpoint_to_start_from, take_weights
from src.config import PROJECT, Config
from src.dataloader import load_data, make_feature_loaders, make_loaders


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
    model = make_model(config, data.classes)
    first_weights = load_first_weights(model, config)
    on_gpu = torch.cuda.is_available() and config.training.device == "auto"
    model = model.to("cuda" if on_gpu else "cpu", memory_format=torch.channels_last)
    if config.model.tuning == "head":
        if start := checkpoint_to_start_from(config):  # before the features are computed with its backbone
            take_weights(model, start, data.classes)
        model.backbone.requires_grad_(False)  # the optimizer leaves it alone
        loaders, backbone = make_feature_loaders(model, data, config), ""
    else:
        loaders, backbone = make_loaders(data, config), BACKBONE  # it learns at backbone_lr_scale times the rate
    loss = classification_loss(data.splits.train["labels"], len(data.classes), config.training)
    task = Task(make_step(loss), training_metrics(len(data.classes)), monitor="accuracy", backbone=backbone)
    if data.several_labels:
        task.metrics, task.monitor = GatheredMetrics(mean_average_precision), "mean_average_precision"
    return train_network(
        task,
        model,
        loaders,
        data,
        config,
        PROJECT,
        resume=resume,
        checkpoint=checkpoint,
        trial=trial,
        metadata={"first_weights": first_weights},
    )


def make_step(loss: Loss) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["images"])  # uint8 [N, 3, H, W] or features, float [N, D] -> float [N, classes]
        return loss(logits, batch["labels"]), logits, batch["labels"]

    return step
