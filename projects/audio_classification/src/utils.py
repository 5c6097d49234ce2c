"""Small helpers of this project."""

import torch
from torch import Tensor

from models.model import AudioClassifier
from shared.data.memory import Batch
from shared.training.checkpoint import Checkpoint
from src.config import Config


def make_model(config: Config, classes: list[str]) -> AudioClassifier:
    """The network of the configuration, with fresh weights."""
    data, model = config.data, config.model
    return AudioClassifier(
        model.name, data.sample_rate, data.samples, len(classes), model.dropout, model.hide, model.color
    )


def restore_model(config: Config, checkpoint: Checkpoint) -> AudioClassifier:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval()


@torch.no_grad()
def logits_of(model: AudioClassifier, split: Batch, batch_size: int = 256) -> Tensor:
    """The logits, float [N, classes], for all clips of a split."""
    return torch.cat([model(samples) for samples in split["samples"].split(batch_size)])
