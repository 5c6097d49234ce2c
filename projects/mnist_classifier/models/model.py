"""The networks: raw uint8 images in, logits out. Normalization is their first layer, so no caller can forget it."""

import math

import torch
from torch import Tensor, nn

from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.training.checkpoint import Checkpoint
from src.config import Config


class Normalize(nn.Module):
    """Turn uint8 pixels into floats of mean 0 and standard deviation 1, by the statistics of the training split."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Buffers, not parameters: they are saved and exported with the network, but the optimizer leaves them alone.
        self.register_buffer("mean", torch.full((1, 1, 1), 127.5))
        self.register_buffer("std", torch.full((1, 1, 1), 127.5))

    @torch.no_grad()
    def fit(self, images: Tensor | Rows) -> None:
        """Measure the statistics on uint8 images [N, 1, H, W]; in blocks, as floats take eight times the memory."""
        sums = torch.zeros(2, dtype=torch.float64)  # of pixels and of their squares
        for block in in_batches(images, 1024):
            pixels = block.double()
            sums += torch.stack([pixels.sum(), pixels.square().sum()])
        count = math.prod(images.shape)
        mean, square = sums / count
        variance = (square - mean.square()).clamp_min(0) * count / (count - 1)  # unbiased, as torch.std
        self.mean.fill_(mean)
        # At least one gray level: blank images have a deviation of 0, and dividing by it would give NaN.
        self.std.fill_(variance.sqrt().clamp_min(1))

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 to float, same shape."""
        return (images.float() - self.mean) / self.std


class Convolution(nn.Sequential):
    """Convolution without padding, batch norm (Ioffe & Szegedy 2015), ReLU.

    Batch norm subtracts the mean of each channel, so a bias in the convolution before it would have no effect.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Cnn(nn.Module):
    """Three convolutions and two linear layers, fast on a CPU.

    Two strides shrink 28x28 pixels to 5x5 before the layers grow wide, because wide layers take most of the time.
    """

    def __init__(self, image_size: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Convolution(1, 16, kernel=5, stride=2),  # [N, 1, 28, 28] -> [N, 16, 12, 12]
            Convolution(16, 32, kernel=3, stride=2),  # -> [N, 32, 5, 5]
            Convolution(32, 64, kernel=3),  # -> [N, 64, 3, 3]
        )
        side = image_size
        for convolution, *_ in self.features:
            side = (side - convolution.kernel_size[0]) // convolution.stride[0] + 1
        self.head = nn.Sequential(
            nn.Flatten(),  # -> [N, 64 * 3 * 3]
            nn.Linear(convolution.out_channels * side**2, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.ReLU(inplace=True),
            nn.Linear(128, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """From normalized images [N, 1, H, W] to logits [N, classes]."""
        logits: Tensor = self.head(self.features(images))
        return logits


class Mlp(nn.Sequential):
    """Two hidden layers on the flattened pixels. It learns each position separately; convolutions share weights."""

    def __init__(self, image_size: int, classes: int) -> None:
        super().__init__(
            nn.Flatten(),  # [N, 1, H, W] -> [N, H * W]
            nn.Linear(image_size**2, 256),
            nn.ReLU(),
            nn.Linear(256, 128),
            nn.ReLU(),
            nn.Linear(128, classes),
        )


class ImageClassifier(nn.Module):
    """Normalization, then the network that `name` chooses: `cnn` or `mlp`."""

    def __init__(self, name: str, image_size: int, classes: int) -> None:
        super().__init__()
        self.normalize = Normalize()
        self.network = Cnn(image_size, classes) if name == "cnn" else Mlp(image_size, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 images [N, 1, H, W] to logits, float [N, classes].

        No softmax: cross-entropy on logits is numerically stable, and the export adds probabilities.
        """
        logits: Tensor = self.network(self.normalize(images))
        return logits


def make_model(config: Config, classes: list[str]) -> ImageClassifier:
    """The network of the configuration, with random weights."""
    return ImageClassifier(config.model.name, config.data.image_size, len(classes))


def restore_model(config: Config, checkpoint: Checkpoint) -> ImageClassifier:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    model = make_model(config, checkpoint.metadata["classes"])
    checkpoint.load_into(model)
    return model.eval()
