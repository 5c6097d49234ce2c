"""The layers that the networks are made of."""

import torch
from torch import Tensor, nn


class Normalise(nn.Module):
    """From pixels to floats around zero."""

    mean: Tensor

    def __init__(self, mean: tuple[float, float, float], scale: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.scale = scale

    def forward(self, chips: Tensor) -> Tensor:
        """(pixel - mean) / scale, channel by channel; uint8 or float [N, 3, H, W] to float of the same shape."""
        return (chips.float() - self.mean) / self.scale


class Affine(nn.Module):
    """A scale and a shift for each channel: what batch norm is once its statistics stand still."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        return features * self.scale[:, None, None] + self.shift[:, None, None]


class Convolution(nn.Sequential):
    """Convolution of 3x3, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
        )
