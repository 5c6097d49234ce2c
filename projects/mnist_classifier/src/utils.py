"""Small helpers of this project."""

import torch
from torch import Tensor

from models.model import ImageClassifier
from shared.data.memory import Batch
from shared.training.checkpoint import Checkpoint
from src.config import Config


def make_model(config: Config, classes: list[str]) -> ImageClassifier:
    """The network of the configuration, with fresh weights."""
    return ImageClassifier(config.model.name, config.data.channels, config.data.image_size, len(classes))


def restore_model(config: Config, checkpoint: Checkpoint) -> ImageClassifier:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.about["classes"])
    checkpoint.load_into(model)
    return model.eval()


@torch.no_grad()
def logits_of(model: ImageClassifier, part: Batch, batch_size: int = 1024) -> Tensor:
    """The logits, float [N, classes], for all pictures of a part."""
    return torch.cat([model(images) for images in part["images"].split(batch_size)])
