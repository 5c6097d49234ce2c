"""Train the network, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.model import BACKBONE, make_model
from models.pretrained import load_first_weights
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.metrics.segmentation import training_metrics
from shared.training.loop import Step, Task
from shared.training.losses import Loss, class_weights
from shared.training.run import prepare_run, train_network
from shared.training.settings import Trial
from src.augmentation import crop_size
from src.config import PROJECT, Config
from src.dataloader import load_data, make_loaders
from src.losses import make_loss
from src.masks import IGNORE


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
    loaders = make_loaders(data, config)
    model = make_model(config, data.classes)
    first_weights = load_first_weights(model, config)
    counts = data.splits.train["pixels"].sum(0)[:-1]  # [C], without those that are ignored
    weights = class_weights(counts, config.training.class_weights)
    loss = make_loss(config.loss, config.training.label_smoothing, weights)
    backbone = "" if config.model.name == "small_unet" else BACKBONE  # it learns at backbone_lr_scale times the rate
    metrics = training_metrics(len(data.classes), IGNORE)
    task = Task(make_step(loss), metrics, monitor="mean_iou", backbone=backbone)
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
        details={"crop": list(crop_size(data.splits.train, config.data))},  # height, width
    )


def make_step(loss: Loss) -> Step:
    """One step of segmentation: batch -> (loss, logits, masks)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["images"])  # uint8 [N, 3, H, W] -> float [N, classes, H, W]
        masks = batch["masks"].long()  # uint8 -> int64 [N, H, W], which the losses take
        return loss(logits, masks), logits, masks

    return step
