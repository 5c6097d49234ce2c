"""Random cuts of training images, image and mask together: scale, place, mirroring, color."""

import math

import numpy as np
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from shared.data.masks import IGNORE, Images
from shared.data.memory import Batch, BatchDataset
from src.config import DataConfig


class Cuts(BatchDataset):
    """Batches of cuts of one size from images of any sizes: `images` uint8 [N, 3, h, w], `masks` uint8 [N, h, w]."""

    def __init__(self, images: Images, settings: DataConfig, seed: int) -> None:
        super().__init__(seed)
        self.images = images
        self.settings = settings
        self.height, self.width = cut_size(images, settings)

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """A cut of each image at `indices`."""
        cuts = [self._cut(index, source) for index in indices]
        return {"images": torch.stack([image for image, _ in cuts]), "masks": torch.stack([mask for _, mask in cuts])}

    def _cut(self, index: int, source: Generator) -> tuple[Tensor, Tensor]:
        image, mask = self.images.images[index], self.images.masks[index]
        scale = self.settings.zoom ** _between(-1, 1, source)
        height, width = round(self.height / scale), round(self.width / scale)
        top, left = self._place(mask, height, width, source)
        image, mask = window(image, top, left, height, width), window(mask, top, left, height, width)
        size = [self.height, self.width]
        pixels = F.resize(torch.from_numpy(image).permute(2, 0, 1), size, antialias=True)
        ids = F.resize(torch.from_numpy(mask)[None], size, InterpolationMode.NEAREST_EXACT)[0]
        pixels, ids = flipped(pixels, ids, self.settings.flip, source)
        return recolored(pixels, self.settings.color, source), ids

    def _place(self, mask: np.ndarray, height: int, width: int, source: Generator) -> tuple[int, int]:
        """The upper left corner of a cut of that size; a larger one than the image lies around it."""
        most = [mask.shape[0] - height, mask.shape[1] - width]
        if _between(0, 1, source) < self.settings.rare_crops:
            row, column = pixel_of_some_class(mask, source)
            corner = [row - _below(height, source), column - _below(width, source)]
        else:
            corner = [_below(abs(room) + 1, source) * (1 if room > 0 else -1) for room in most]
        top, left = (min(max(at, min(room, 0)), max(room, 0)) for at, room in zip(corner, most, strict=True))
        return top, left


def cut_size(images: Images, settings: DataConfig) -> tuple[int, int]:
    """The height and width of cuts: as asked for, but not larger than the largest image (in steps of 32)."""
    height, width = (max(mask.shape[axis] for mask in images.masks) for axis in (0, 1))
    return min(settings.crop_height, 32 * math.ceil(height / 32)), min(settings.crop_width, 32 * math.ceil(width / 32))


def window(array: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """A window of an image, [height, width, ...]; what lies beyond the image's edges is its mirror image."""
    before = (max(-top, 0), max(-left, 0))
    after = (max(top + height - array.shape[0], 0), max(left + width - array.shape[1], 0))
    inside = array[max(top, 0) : top + height, max(left, 0) : left + width]
    if any(before) or any(after):
        beyond = [(before[0], after[0]), (before[1], after[1])] + [(0, 0)] * (array.ndim - 2)
        return np.pad(inside, beyond, mode="symmetric")
    return np.ascontiguousarray(inside)


def pixel_of_some_class(mask: np.ndarray, source: Generator) -> tuple[int, int]:
    """A random pixel of a class drawn at random from those in the mask, each class alike."""
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)[:IGNORE])
    if not len(present):
        return _below(mask.shape[0], source), _below(mask.shape[1], source)
    places = np.flatnonzero(mask.ravel() == present[_below(len(present), source)])
    row, column = divmod(int(places[_below(len(places), source)]), mask.shape[1])
    return row, column


def flipped(image: Tensor, mask: Tensor, kind: str, source: Generator) -> tuple[Tensor, Tensor]:
    """Mirror both sideways half of the time; for `all` also upside down, and square ones by quarter turns."""
    if kind != "none" and _between(0, 1, source) < 0.5:
        image, mask = image.flip(-1), mask.flip(-1)
    if kind == "all":
        if _between(0, 1, source) < 0.5:
            image, mask = image.flip(-2), mask.flip(-2)
        if image.shape[-1] == image.shape[-2] and _between(0, 1, source) < 0.5:
            image, mask = image.transpose(-1, -2), mask.transpose(-1, -2)
    return image, mask


def recolored(image: Tensor, most: float, source: Generator) -> Tensor:
    """Change brightness, contrast and saturation by random factors between 1 - most and 1 + most."""
    if most:
        for adjust in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation):
            image = adjust(image, 1 + most * _between(-1, 1, source))
    return image


def _between(low: float, high: float, source: Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=source))


def _below(limit: int, source: Generator) -> int:
    return int(torch.randint(limit, (), generator=source))
