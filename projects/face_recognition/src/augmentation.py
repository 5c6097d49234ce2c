"""Changes of training crops at random: mirrored, moved, zoomed, turned, lit differently, partly hidden."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from src.config import DataConfig


def augment(crops: Tensor, settings: DataConfig, source: Generator) -> Tensor:
    """Change each crop, uint8 [N, 3, S, S], at random; pixels from outside the crop get the color of its edge."""
    changed = warp(crops.float(), settings, source)
    changed = light(changed, settings.light, source)
    return erase(changed, settings.erase, source).round().clamp(0, 255).to(torch.uint8)


def warp(crops: Tensor, settings: DataConfig, source: Generator) -> Tensor:
    """Mirror, move, zoom and turn float crops [N, 3, S, S]."""
    count = len(crops)
    angle = _around_zero((count,), settings.turn * math.pi / 180, source)
    scale = 1 + _around_zero((count,), settings.zoom, source)
    mirrored = torch.where(torch.rand(count, generator=source) < 0.5 * settings.flip, -1.0, 1.0)
    moves = _around_zero((count, 2), 2 * settings.shift, source)  # in a grid from -1 to 1
    # One matrix for all four changes, so that pixels are interpolated once: each time blurs them.
    cosine, sine = scale * angle.cos(), scale * angle.sin()  # each [N]
    rows = [cosine * mirrored, -sine, moves[:, 0], sine * mirrored, cosine, moves[:, 1]]
    matrices = torch.stack(rows, 1).view(count, 2, 3)  # from places in the new crop to places in the old one
    grid = F.affine_grid(matrices, list(crops.shape), align_corners=False)  # [N, S, S, 2]
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)


def light(crops: Tensor, most: float, source: Generator) -> Tensor:
    """Change brightness and contrast of float crops [N, 3, S, S] by up to this share."""
    contrast, brightness = 1 + _around_zero((2, len(crops), 1, 1, 1), most, source)  # each [N, 1, 1, 1]
    mean = crops.mean((1, 2, 3), keepdim=True)  # around which contrast stretches the levels
    return (crops - mean) * contrast + mean * brightness


def erase(crops: Tensor, share: float, source: Generator) -> Tensor:
    """Put a gray rectangle over some crops (random erasing, Zhong et al. 2020); float [N, 3, S, S]."""
    count, _, _, side = crops.shape
    sizes = (0.15 + 0.25 * torch.rand((count, 2), generator=source)) * side
    corners = torch.rand((count, 2), generator=source) * (side - sizes)
    chosen = torch.rand(count, generator=source) < share  # bool [N]
    places = torch.arange(side)  # [S]
    rows, columns = ((places >= corners[:, i, None]) & (places < (corners + sizes)[:, i, None]) for i in (0, 1))
    hidden = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]  # a rectangle, bool [N, S, S]
    return crops.masked_fill(hidden[:, None], 127.0)  # the middle of 0 to 255


def _around_zero(shape: tuple[int, ...], most: float, source: Generator) -> Tensor:
    return (2 * torch.rand(shape, generator=source) - 1) * most
