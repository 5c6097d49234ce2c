"""Train the embedder, in the order data, model, loss, step, training; `train` returns what it writes to train.json."""

import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from models.losses import MetricLearner
from models.model import PREFIX, make_model
from models.pretrained import load_first_weights
from shared.console import log
from shared.data.memory import Batch
from shared.errors import UserError
from shared.metrics.running import GatheredMetrics
from shared.metrics.verification import pair_auc
from shared.training.checkpoint import save_checkpoint
from shared.training.files import best_checkpoint
from shared.training.folder import training_lock
from shared.training.loop import Task, evaluate
from shared.training.run import prepare_run, run_metadata, train_network, write_training
from shared.training.runs import keep_earlier_run
from shared.training.settings import Trial
from src.config import PROJECT, Config
from src.dataloader import FaceData, load_data, make_loaders


def train(
    config: Config,
    resume: bool = False,
    checkpoint: Path | None = None,
    trial: Trial = "none",
    *,
    data: FaceData | None = None,
) -> dict[str, Any]:
    """Train the embedder and keep the weights that do best on the validation people.

    Writes `outputs/checkpoints/{best,last}.safetensors`, `outputs/metrics.jsonl`, `outputs/train.json` and
    TensorBoard curves. An embedder that comes trained, without a head, is kept as it is.

    Args:
        resume: continue the stopped run; its result is the same as without the stop
        checkpoint: the state to resume from; the last one saved if not given
        trial: a short trial in place of the run: one_batch, overfit (one batch), lr_find, profile
    """
    prepare_run(config)
    data = data or load_data(config)
    embedder = make_model(config)
    first_weights = load_first_weights(embedder, config, data.splits.train)
    loaders = make_loaders(data, config)
    people = len(loaders.train.dataset)
    learner = MetricLearner(embedder, people, config.loss)
    comes_trained = config.model.name != "small" and first_weights.found
    learns = not comes_trained or config.model.head != "none"
    task = Task(step, GatheredMetrics(pair_auc), monitor="auc", backbone="embedder.network" if comes_trained else "")
    parameters = sum(parameter.numel() for parameter in embedder.parameters())  # without those of the loss
    metadata = {"parameters": parameters, "first_weights": first_weights.as_dict(), "trained_on_data": learns}
    if learns:
        details = {"loss": config.loss.name, "people": people, "trained_on_data": True}
        options = {"resume": resume, "checkpoint": checkpoint, "trial": trial, "metadata": metadata, "details": details}
        return train_network(task, learner, loaders, data, config, PROJECT, **options)
    if resume or trial != "none" or config.training.init_from:
        raise UserError(
            f"{config.model.name} comes trained and has nothing to learn here; choose --model.head linear to train a "
            "matrix behind it, or --model.name small."
        )
    metadata["trained_on"] = ""  # it has seen none of the photos
    return keep_weights(task, learner, loaders.validation, config, run_metadata(config, PROJECT, data, metadata))


def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """One step of metric learning: batch -> (loss, embeddings, labels)."""
    loss, embeddings = model(batch["crops"], batch["labels"])  # uint8 [N, 3, S, S] -> scalar, float [N, D]
    return loss, embeddings, batch["labels"]


def keep_weights(
    task: Task, learner: MetricLearner, validation: DataLoader[Batch], config: Config, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Save trained weights as a checkpoint, with their score on the validation people; write train.json."""
    log.info(f"train: {config.model.name} comes trained, so nothing is learned; its weights are kept as they are")
    started = time.perf_counter()
    metrics = evaluate(task, learner, validation, torch.device("cpu"))
    tensors = {PREFIX + name: tensor for name, tensor in learner.embedder.state_dict().items()}
    with training_lock(config.output_dir):
        keep_earlier_run(config.output_dir, config.training.keep_runs)
        save_checkpoint(best_checkpoint(config.output_dir), tensors, {**metadata, "epoch": 0, "metrics": metrics})
    details = {"monitor": task.monitor, "best_epoch": 0, "steps": 0, "history": [], "trained_on_data": False}
    details["try_first"] = "--model.head linear"
    return write_training(config.output_dir, metadata, metrics, time.perf_counter() - started, **details)
