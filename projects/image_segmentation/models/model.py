"""The networks: raw uint8 images in, one logit for each class and pixel out. Normalization is their first layer."""

import numpy as np
import segmentation_models_pytorch as smp
import torch
from timm.layers import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

from shared.errors import UserError
from shared.networks import Normalize
from shared.training.checkpoint import Checkpoint
from src.config import Config

STRIDE = 32
"""The sides of every image must be multiples of this (five halvings); `shared.inference.tiles` pads them."""
BACKBONE = "network.encoder"
"""The name of the pretrained submodule; `small_unet` has none."""


class Convolutions(nn.Sequential):
    """Twice: 3x3 convolution, batch norm (Ioffe & Szegedy 2015), ReLU; the image keeps its size.

    Batch norm subtracts the mean of each channel, so a bias in the convolution before it would have no effect.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class SmallUnet(nn.Module):
    """A U-Net (Ronneberger et al. 2015), small enough to learn from scratch on a laptop.

    On the way down each stage halves the image and doubles the channels: it sees farther, but places less exactly. On
    the way up each stage doubles the image again and adds the features of the same size from the way down, which know
    where the edges are.
    """

    def __init__(self, classes: int, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        widths = [width * 2**stage for stage in range(depth + 1)]  # 16, 32, 64, 128, 256
        self.stem = Convolutions(3, widths[0])
        self.down = nn.ModuleList(Convolutions(widths[i], widths[i + 1]) for i in range(depth))
        self.up = nn.ModuleList(Convolutions(widths[i + 1] + widths[i], widths[i]) for i in reversed(range(depth)))
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """From normalized images [N, 3, H, W] to logits [N, classes, H, W]."""
        features = [self.stem(images)]  # [N, 16, H, W]
        for down in self.down:
            features.append(down(max_pool2d(features[-1], 2)))  # [N, 32, H/2, W/2] to [N, 256, H/16, W/16]
        x = features.pop()
        for up in self.up:
            # Enlarging by repetition and a convolution leaves no checkerboard, unlike a transposed convolution
            # (Odena et al. 2016).
            x = interpolate(x, scale_factor=2.0)  # [N, C, h, w] -> [N, C, 2h, 2w]
            x = up(torch.cat([x, features.pop()], dim=1))  # [N, C + C/2, 2h, 2w] -> [N, C/2, 2h, 2w]
        logits: Tensor = self.head(x)  # [N, 16, H, W] -> [N, classes, H, W]
        return logits


class Segmenter(nn.Module):
    """Normalization, then the network that `name` chooses (see `ModelConfig`)."""

    def __init__(self, name: str, encoder: str, classes: int) -> None:
        super().__init__()
        self.normalize = Normalize()
        self.network = SmallUnet(classes) if name == "small_unet" else make_library_network(name, encoder, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 images [N, 3, H, W] to logits, float [N, classes, H, W]; H and W are multiples of `STRIDE`."""
        logits: Tensor = self.network(self.normalize(images))
        return logits

    @torch.no_grad()
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """From uint8 images [N, 3, H, W] to the probability of each class at each pixel, float [N, classes, H, W]."""
        # Channels last (NHWC in memory) is the order in which CPUs and GPUs compute convolutions fastest.
        batch = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
        probabilities: np.ndarray = self(batch).softmax(1).numpy()
        return probabilities


def make_model(config: Config, classes: list[str]) -> Segmenter:
    """The network of the configuration, with random weights.

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


def restore_model(config: Config, checkpoint: Checkpoint) -> Segmenter:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval().to(memory_format=torch.channels_last)


# Half the library's widths: a CPU spends most of its time in the decoder. The encoder keeps its pretrained widths.
LIGHT_DECODERS: dict[str, dict[str, object]] = {
    "unet": {"decoder_channels": (128, 64, 32, 16, 16)},
    "fpn": {"decoder_pyramid_channels": 128, "decoder_segmentation_channels": 64},
    "deeplabv3plus": {"decoder_channels": 128},
}


class EvenSameConv2d(Conv2dSame):
    """A strided convolution with TensorFlow's padding, which puts more after the image than before it.

    timm computes the padding from each image's size, which the ONNX exporter cannot follow. Sides that are multiples of
    the stride always have the same padding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """From [N, C, H, W] to [N, D, H / stride, W / stride]."""
        sizes = zip(self.kernel_size, self.stride, self.dilation, strict=True)
        down, across = (dilation * (kernel - 1) + 1 - stride for kernel, stride, dilation in sizes)
        x = pad(x, [across // 2, across - across // 2, down // 2, down - down // 2])
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def fix_padding(network: nn.Module) -> None:
    """Make an `EvenSameConv2d` of timm's `Conv2dSame`, everywhere; weights stay as they are."""
    for module in network.modules():
        if isinstance(module, Conv2dSame):
            module.__class__ = EvenSameConv2d


def make_library_network(name: str, encoder: str, classes: int) -> nn.Module:
    """A network of segmentation-models-pytorch on one of timm's encoders, with random weights."""
    options = LIGHT_DECODERS.get(name, {})
    network: nn.Module = smp.create_model(name, f"tu-{encoder}", encoder_weights=None, classes=classes, **options)
    network.requires_divisible_input_shape = False  # callers pad, and the exporter cannot follow this check
    fix_padding(network)
    return network
