"""ImageNet weights for an encoder: from an installed package, which needs no network, else from timm's hub."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import timm
from torch import Tensor

from models.model import Segmenter
from shared.training.first_weights import Origin, load_imagenet_weights
from src.config import Config


def load_first_weights(model: Segmenter, config: Config) -> dict[str, Any]:
    """Put ImageNet weights into the network's encoder if it has one and they can be found; returns what a run records.

    An encoder that knows edges and textures from ImageNet needs far fewer masks than one that starts at random.
    """
    name = config.model.encoder
    if config.model.name == "small_unet" or config.model.weights == "none":
        return Origin().as_dict()
    pretrained = timm.get_pretrained_cfg(name)
    license_ = (pretrained and pretrained.license) or "unknown"

    def copy(
        weights: Mapping[str, Tensor],
    ) -> None:  # the encoder is that network without the layers after its features
        wanted = model.network.encoder.state_dict()
        model.network.encoder.load_state_dict({name: weights[name.removeprefix("model.")] for name in wanted})

    origin = load_imagenet_weights(name, partial(timm.create_model, name), copy, license_)
    if origin.found and pretrained:  # they expect pixels with the statistics that they were trained on
        model.normalize.set(pretrained.mean, pretrained.std)
    return origin.as_dict()
