"""Layers that the networks of several projects begin with."""

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """Turn uint8 pixels into floats with the mean and deviation that the network's first weights expect."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Buffers, not parameters: they are saved and exported with the network, but the optimizer leaves them alone.
        self.register_buffer("mean", torch.full((3, 1, 1), 127.5))
        self.register_buffer("std", torch.full((3, 1, 1), 127.5))

    def set(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Use these statistics of the three channels, of pixels between 0 and 1."""
        self.mean.copy_(255 * torch.tensor(mean)[:, None, None])
        self.std.copy_(255 * torch.tensor(std)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 to float, same shape."""
        return (images.float() - self.mean) / self.std
