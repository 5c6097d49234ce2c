"""Images of any size through a network that takes multiples of a stride: padded, cut into tiles, blended, cropped."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

Dense = Callable[[np.ndarray], np.ndarray]
"""From a batch of images, [N, C, H, W], to float scores of every pixel, [N, classes, H, W]."""


@dataclass(frozen=True)
class Tiling:
    """How large images are cut."""

    size: int
    """The side of a tile in pixels, a multiple of `stride`; a smaller image is one tile."""
    overlap: int
    """How many pixels neighboring tiles share; the outer quarter, where a tile lacks context, is not used."""
    stride: int
    """The network takes sides that are multiples of this."""

    @property
    def step(self) -> int:
        """From one tile to the next: a multiple of the stride, so that strided layers see each pixel alike."""
        return max(self.stride, (self.size - self.overlap) // self.stride * self.stride)


def padded(image: np.ndarray, stride: int) -> np.ndarray:
    """The image, [C, H, W], mirrored beyond its right and lower edge up to the next multiple of `stride`."""
    _, height, width = image.shape
    below, right = -height % stride, -width % stride
    return np.pad(image, ((0, 0), (0, below), (0, right)), mode="symmetric")


def segment(network: Dense, image: np.ndarray, tiling: Tiling) -> np.ndarray:
    """The scores of every pixel of an image of any size.

    Args:
        image: uint8 [H, W, C].

    Returns:
        float32 [classes, H, W].
    """
    height, width, _ = image.shape
    whole = padded(image.transpose(2, 0, 1), tiling.stride)  # [C, H, W]
    windows = list(product(_slices(whole.shape[1], tiling), _slices(whole.shape[2], tiling)))
    if len(windows) == 1:
        return network(whole[None])[0, :, :height, :width]
    sums: np.ndarray | None = None
    weights = np.zeros(whole.shape[1:], np.float32)
    for rows, columns in windows:
        scores = network(whole[None, :, rows, columns])[0]
        weight = np.outer(_ramp(rows, whole.shape[1], tiling), _ramp(columns, whole.shape[2], tiling))
        sums = np.zeros((len(scores), *whole.shape[1:]), np.float32) if sums is None else sums
        sums[:, rows, columns] += scores * weight
        weights[rows, columns] += weight
    assert sums is not None
    return (sums / weights)[:, :height, :width]


def _slices(length: int, tiling: Tiling) -> list[slice]:
    """Tiles along one side; the last one ends with the image."""
    if length <= tiling.size:
        return [slice(0, length)]
    starts = [*range(0, length - tiling.size, tiling.step), length - tiling.size]
    return [slice(start, start + tiling.size) for start in starts]


def _ramp(window: slice, length: int, tiling: Tiling) -> np.ndarray:
    """The weight along a tile's side: nothing in the outer quarter of the overlap, then rising; full at an edge."""
    size = window.stop - window.start
    unused = tiling.overlap // 4
    rise = max(1, tiling.overlap - 2 * unused)
    from_start = np.arange(size, dtype=np.float32) - unused + 1
    weight = np.ones(size, np.float32)
    if window.start > 0:
        weight = np.minimum(weight, (from_start / rise).clip(0, 1))
    if window.stop < length:
        weight = np.minimum(weight, (from_start[::-1] / rise).clip(0, 1))
    return weight
