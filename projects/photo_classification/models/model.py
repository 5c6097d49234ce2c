"""The network: raw uint8 photos in, logits out. One of timm's networks without its last layer, and a new last layer."""

from collections.abc import Mapping
from functools import partial

import timm
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from shared.errors import UserError
from shared.networks import Normalize
from shared.training.checkpoint import Checkpoint
from shared.training.first_weights import Origin, load_imagenet_weights
from src.config import Config

BACKBONE = "backbone"
"""The name of the pretrained submodule."""


class PhotoClassifier(nn.Module):
    """Normalization, a backbone that turns a photo into a vector of features, and a linear layer: the head."""

    def __init__(self, backbone: str, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.normalize = Normalize()
        # num_classes=0 leaves out timm's own last layer, which tells ImageNet's 1,000 classes apart.
        self.backbone = timm.create_model(backbone, pretrained=False, num_classes=0)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.backbone.head_hidden_size, classes)

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """From uint8 photos [N, 3, H, W] to feature maps [N, D, h, w], and their means over the photo [N, D]."""
        maps = self.backbone.forward_features(self.normalize(images))  # uint8 [N, 3, H, W] -> float [N, D, h, w]
        return maps, self.backbone.forward_head(maps, pre_logits=True)  # global average pooling -> [N, D]

    def forward(self, inputs: Tensor) -> Tensor:
        """From photos [N, 3, H, W] to logits, float [N, classes]; or from their features [N, D], computed before.

        No softmax: cross-entropy on logits is numerically stable, and the export adds probabilities.
        """
        features = inputs if inputs.dim() == 2 else self.features(inputs)[1]  # [N, D]
        logits: Tensor = self.head(self.dropout(features))  # [N, D] -> [N, classes]
        return logits


class WithMaps(nn.Module):
    """The network with its class activation maps (Zhou et al. 2016): which places speak for which class.

    The head is linear and the features are means over the photo, so each logit is the mean of such a map, and a bias.
    """

    def __init__(self, network: PhotoClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """From photos [N, 3, H, W] to logits [N, classes] and maps [N, classes, h, w]."""
        maps, features = self.network.features(images)  # [N, D, h, w], [N, D]
        head = self.network.head
        # The head at every place in place of the mean: a 1x1 convolution, [N, D, h, w] -> [N, classes, h, w].
        return head(features), conv2d(maps, head.weight[:, :, None, None])


def has_maps(network: PhotoClassifier) -> bool:
    """Whether the backbone gives a feature map whose channels the head reads; Transformers and a few others do not."""
    with torch.no_grad():
        side = network.backbone.default_cfg["input_size"][-1]
        maps = network.eval().features(torch.zeros(1, 3, side, side, dtype=torch.uint8))[0]
    return maps.dim() == 4 and maps.shape[1] == network.head.in_features


def make_model(config: Config, classes: list[str]) -> PhotoClassifier:
    """The network of the configuration, with random weights.

    Raises:
        UserError: timm does not know it.
    """
    try:
        return PhotoClassifier(config.model.name, len(classes), config.model.dropout)
    # timm raises errors of many kinds on names that it does not know.
    except Exception as error:
        detail = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"model.name {config.model.name!r} does not work ({detail}); choose one of timm's networks."
        ) from error


def load_first_weights(model: PhotoClassifier, config: Config) -> dict[str, object]:
    """Put ImageNet weights into the backbone, if they are wanted and can be found; returns what a run records."""
    name = config.model.name
    if config.model.weights == "none":
        return Origin().as_dict()
    pretrained = timm.get_pretrained_cfg(name)
    license_ = (pretrained and pretrained.license) or "unknown"

    def copy(weights: Mapping[str, Tensor]) -> None:
        model.backbone.load_state_dict({tensor: weights[tensor] for tensor in model.backbone.state_dict()})

    origin = load_imagenet_weights(name, partial(timm.create_model, name), copy, license_)
    if origin.found and pretrained:  # they expect pixels with the statistics that they were trained on
        model.normalize.set(pretrained.mean, pretrained.std)
    return origin.as_dict()


def restore_model(config: Config, checkpoint: Checkpoint) -> PhotoClassifier:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval().to(memory_format=torch.channels_last)
