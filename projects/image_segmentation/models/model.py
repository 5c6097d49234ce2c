"""The networks: raw uint8 images in, one logit a class and pixel out. Normalization is their first layer."""

import segmentation_models_pytorch as smp
import torch
from timm.layers import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

STRIDE = 32
"""The sides of every image must be multiples of this; `shared.inference.tiles` sees to it."""


class Normalize(nn.Module):
    """Turn uint8 pixels into floats with the mean and deviation that the network's first weights expect."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((3, 1, 1), 127.5))
        self.register_buffer("std", torch.full((3, 1, 1), 127.5))

    def set(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Take over statistics of pixels between 0 and 1."""
        self.mean.copy_(255 * torch.tensor(mean)[:, None, None])
        self.std.copy_(255 * torch.tensor(std)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 to float, same shape."""
        return (images.float() - self.mean) / self.std


class Convolutions(nn.Sequential):
    """Twice: 3x3 convolution, batch norm, ReLU; the image keeps its size."""

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

    On the way down each stage halves the image and doubles the channels: it sees farther, but less exactly. On the
    way up each stage doubles the image again and takes in what the stage of that size saw on the way down, which
    knows where the edges are.
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
        features = [self.stem(images)]
        for down in self.down:
            features.append(down(max_pool2d(features[-1], 2)))
        x = features.pop()
        for up in self.up:
            x = up(torch.cat([interpolate(x, scale_factor=2.0), features.pop()], dim=1))
        logits: Tensor = self.head(x)
        return logits


class Segmenter(nn.Module):
    """Normalization, then the network of that name."""

    def __init__(self, name: str, encoder: str, classes: int) -> None:
        super().__init__()
        self.normalize = Normalize()
        self.network = SmallUnet(classes) if name == "small_unet" else make_library_network(name, encoder, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 images [N, 3, H, W] to logits, float [N, classes, H, W]; H and W are multiples of `STRIDE`."""
        logits: Tensor = self.network(self.normalize(images))
        return logits


# Half the library's widths, on which a CPU spends most of its time; the encoder is not touched.
LIGHT_DECODERS: dict[str, dict[str, object]] = {
    "unet": {"decoder_channels": (128, 64, 32, 16, 16)},
    "fpn": {"decoder_pyramid_channels": 128, "decoder_segmentation_channels": 64},
    "deeplabv3plus": {"decoder_channels": 128},
}


class EvenSameConv2d(nn.Conv2d):
    """A strided convolution padded as TensorFlow pads sides that are multiples of the stride: more after than before.

    timm works the padding out anew for each image, which no exporter can follow; here the sides are known to fit.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        """Take the place of `conv`, with its weights."""
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,
            conv.stride,
            dilation=conv.dilation,
            groups=conv.groups,
            bias=conv.bias is not None,
        )
        self.load_state_dict(conv.state_dict())
        sizes = zip(conv.kernel_size, conv.stride, conv.dilation, strict=True)
        pads = [dilation * (kernel - 1) + 1 - stride for kernel, stride, dilation in sizes]
        self.around = [pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2]

    def forward(self, x: Tensor) -> Tensor:
        """From [N, C, H, W] to [N, D, H / stride, W / stride]."""
        return conv2d(pad(x, self.around), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def fix_padding(network: nn.Module) -> None:
    """Put `EvenSameConv2d` in the place of timm's `Conv2dSame`, everywhere."""
    for name, module in list(network.named_modules()):
        if isinstance(module, Conv2dSame):
            network.set_submodule(name, EvenSameConv2d(module))


def make_library_network(name: str, encoder: str, classes: int) -> nn.Module:
    """A network of segmentation-models-pytorch on one of timm's encoders, with fresh weights."""
    options = LIGHT_DECODERS.get(name, {})
    network: nn.Module = smp.create_model(name, f"tu-{encoder}", encoder_weights=None, classes=classes, **options)
    network.requires_divisible_input_shape = False  # the callers see to it, and exporters cannot follow the check
    fix_padding(network)
    return network
