"""Train the network, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from models.model import make_model
from shared.data.examples import Data
from shared.data.memory import Batch
from shared.metrics.classification import training_metrics
from shared.training.loop import Step, Task
from shared.training.losses import Loss, classification_loss
from shared.training.run import prepare_run, train_network
from shared.training.settings import Trial
from src.config import PROJECT, Config
from src.dataloader import load_data, make_loaders


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
    # Mean and standard deviation are buffers of the network, so that every caller passes raw pixels.
    model.normalize.fit(data.splits.train["images"])
    loss = classification_loss(data.splits.train["labels"], len(data.classes), config.training)
    task = Task(make_step(loss), training_metrics(len(data.classes)), monitor="accuracy")
    return train_network(task, model, loaders, data, config, PROJECT, resume=resume, checkpoint=checkpoint, trial=trial)


def make_step(loss: Loss) -> Step:
    """One step of classification: batch -> (loss, logits, labels)."""

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        logits = model(batch["images"])  # uint8 [N, 1, H, W] -> float [N, classes]
        return loss(logits, batch["labels"]), logits, batch["labels"]

    return step
