"""Small helpers of this project."""

from collections.abc import Iterator

import numpy as np
import torch

from models.model import STRIDE, Segmenter
from models.pretrained import Origin, load_pretrained
from shared.console import log
from shared.data.masks import Images
from shared.errors import UserError
from shared.inference.tiles import Dense, Tiling, segment
from shared.training.checkpoint import Checkpoint
from src.config import Config, PredictConfig

BACKBONE = "network.encoder"


def make_model(config: Config, classes: list[str]) -> Segmenter:
    """The network of the configuration, with fresh weights.

    Raises:
        UserError: timm does not know the encoder, or it does not fit the network.
    """
    try:
        return Segmenter(config.model.name, config.model.encoder, len(classes))
    # The libraries raise errors of many kinds on encoders that they do not know or cannot cut into stages.
    except Exception as error:
        detail = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"model.encoder {config.model.encoder!r} does not work with model.name {config.model.name} ({detail}); "
            "choose another of timm's networks."
        ) from error


def load_first_weights(model: Segmenter, config: Config) -> Origin:
    """Put ImageNet weights into the network's encoder where it has one, and say where they came from."""
    if config.model.name == "small_unet" or config.model.weights == "none":
        return Origin("random", [])
    origin = load_pretrained(model.network.encoder, config.model.encoder)
    for reason in origin.tried:
        log.info(f"weights: not from {reason}")
    if origin.source == "random":
        log.warning(f"no ImageNet weights for {config.model.encoder} are to be had; it starts from random weights.")
    else:
        log.info(f"weights: ImageNet weights for {config.model.encoder} from {origin.source}")
        model.normalize.set(origin.mean, origin.std)
    return origin


def restore_model(config: Config, checkpoint: Checkpoint) -> Segmenter:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval().to(memory_format=torch.channels_last)


def tiling_of(settings: PredictConfig) -> Tiling:
    """How large images are cut."""
    return Tiling(settings.tile, settings.overlap, STRIDE)


def as_dense(model: Segmenter) -> Dense:
    """The network as a function of arrays, which gives the probability of each class at each pixel."""

    @torch.no_grad()
    def run(images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
        probabilities: np.ndarray = model(batch).softmax(1).numpy()
        return probabilities

    return run


def answers_of(network: Dense, images: Images, settings: PredictConfig) -> Iterator[np.ndarray]:
    """The class ids of every pixel, uint8 [H, W], image by image."""
    for image in images.images:
        yield answer_of(network, image, settings)


def answer_of(network: Dense, image: np.ndarray, settings: PredictConfig) -> np.ndarray:
    """The class ids of every pixel, uint8 [H, W], of an image, uint8 [H, W, 3]."""
    scores = segment(network, np.ascontiguousarray(image.transpose(2, 0, 1)), tiling_of(settings))
    return scores.argmax(0).astype(np.uint8)
