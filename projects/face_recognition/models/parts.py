"""The layers that the networks are made of."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Normalize(nn.Module):
    """From pixels to floats around zero."""

    mean: Tensor

    def __init__(self, mean: tuple[float, float, float], scale: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.scale = scale

    def forward(self, crops: Tensor) -> Tensor:
        """(pixel - mean) / scale, channel by channel; uint8 or float [N, 3, H, W] to float of the same shape."""
        return (crops.float() - self.mean) / self.scale


class Affine(nn.Module):
    """A scale and a shift for each channel: what batch norm is once its statistics stand still."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        return features * self.scale[:, None, None] + self.shift[:, None, None]


class OrientedGradients(nn.Module):
    """How much of each cell of an image rises in each direction, whichever way it is mirrored.

    Histograms of oriented gradients (Dalal and Triggs 2005) in cells of several sizes, each divided by the strength of
    the cells around it, so that light hardly matters. The mean over the image and its mirror image costs nothing: it
    is the same cells in another order.
    """

    directions = 8
    sharpness = 4
    """The power of the cosine by which a gradient counts for a direction; chosen on the validation people of LFW."""

    def __init__(self, edge: int, cells: tuple[int, ...]) -> None:
        """Leave `edge` pixels out at each side of the image, and count in cells of these sides, in pixels."""
        super().__init__()
        self.edge, self.cells = edge, cells
        angles = torch.arange(self.directions) * (2 * math.pi / self.directions)
        self.register_buffer("cosines", angles.cos()[:, None, None], persistent=False)
        self.register_buffer("sines", angles.sin()[:, None, None], persistent=False)
        self.mirrored = [(self.directions // 2 - k) % self.directions for k in range(self.directions)]

    def count(self, side: int) -> int:
        """The number of features of images of that side."""
        return self.directions * sum(((side - 2 * self.edge) // cell) ** 2 for cell in self.cells)

    def forward(self, images: Tensor) -> Tensor:
        """From uint8 or float [N, 3, H, W] to features between 0 and 1, float [N, F]."""
        gray = images.float().mean(1, keepdim=True)  # [N, 1, H, W]
        gray = gray[:, :, self.edge : -self.edge, self.edge : -self.edge]
        framed = F.pad(gray, (1, 1, 1, 1), mode="replicate")
        across = framed[:, :, 1:-1, 2:] - framed[:, :, 1:-1, :-2]  # the gradient by central differences
        down = framed[:, :, 2:, 1:-1] - framed[:, :, :-2, 1:-1]
        strength = (across.square() + down.square() + 1e-6).sqrt()  # 1e-6: where all is flat, the root has no slope
        # The cosine of the angle between the gradient and each direction: [N, 1, h, w] -> [N, directions, h, w].
        rises = strength * F.relu((across * self.cosines + down * self.sines) / strength) ** self.sharpness
        return torch.cat([self._in_cells(rises, cell).flatten(1) for cell in self.cells], 1)

    def _in_cells(self, rises: Tensor, cell: int) -> Tensor:
        counted = F.avg_pool2d(rises, cell)  # [N, directions, h, w] -> [N, directions, h / cell, w / cell]
        around = F.avg_pool2d(counted.square().sum(1, keepdim=True), 3, 1, 1, count_include_pad=False).sqrt()
        shares = (counted / (around + 1)).sqrt()  # the root keeps one strong edge from ruling a cell
        return (shares + shares.flip(3)[:, self.mirrored]) / 2  # a mirror image swaps left and right directions
