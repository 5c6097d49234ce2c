"""Random crops of training images: scale, place, mirroring and color. Image and mask change together."""

import math

import numpy as np
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from shared.data.examples import Examples
from shared.data.memory import Batch, BatchDataset
from src.config import DataConfig
from src.masks import IGNORE


class RandomCrops(BatchDataset):
    """Crops of one size from images of any sizes: `images` uint8 [N, 3, h, w], `masks` uint8 [N, h, w]."""

    def __init__(self, examples: Examples, settings: DataConfig, seed: int) -> None:
        super().__init__(seed)
        self.examples = examples
        self.settings = settings
        self.height, self.width = crop_size(examples, settings)
        self.on_demand = examples["images"].on_demand

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """A crop of each image at `indices`."""
        crops = [self.random_crop(index, source) for index in indices]
        return {
            "images": torch.stack([image for image, _ in crops]),  # [N, 3, h, w]
            "masks": torch.stack([mask for _, mask in crops]),  # [N, h, w]
        }

    def random_crop(self, index: int, source: Generator) -> tuple[Tensor, Tensor]:
        """One augmented image, uint8 [3, h, w], and its mask, uint8 [h, w]. Add further augmentation here."""
        image, mask = self.examples["images"][index], self.examples["masks"][index]  # [H, W, 3], [H, W]
        # Uniform on a log scale: half of the crops are enlarged and half are made smaller.
        scale = self.settings.zoom ** uniform(-1, 1, source)
        height, width = round(self.height / scale), round(self.width / scale)
        top, left = self.random_place(mask, height, width, source)
        image, mask = (mirrored_crop(array, top, left, height, width) for array in (image, mask))
        size = [self.height, self.width]
        pixels = F.resize(torch.from_numpy(image).permute(2, 0, 1), size, antialias=True)  # [3, h, w]
        # Nearest: a mean of two class ids is the id of a third class. "Exact" has no shift of half a pixel.
        ids = F.resize(torch.from_numpy(mask)[None], size, InterpolationMode.NEAREST_EXACT)[0]  # [h, w]
        pixels, ids = random_flip(pixels, ids, self.settings.flip, source)
        return random_color(pixels, self.settings.color, source), ids

    def random_place(self, mask: np.ndarray, height: int, width: int, source: Generator) -> tuple[int, int]:
        """The upper left corner of a crop; a crop that is larger than the image extends beyond it."""
        room = [mask.shape[0] - height, mask.shape[1] - width]  # below 0 where the crop is larger
        if uniform(0, 1, source) < self.settings.rare_crops:
            row, column = pixel_of_random_class(mask, source)
            corner = [row - below(height, source), column - below(width, source)]  # anywhere around that pixel
        else:
            corner = [below(abs(most) + 1, source) * (1 if most > 0 else -1) for most in room]
        top, left = (min(max(at, min(most, 0)), max(most, 0)) for at, most in zip(corner, room, strict=True))
        return top, left


def crop_size(examples: Examples, settings: DataConfig) -> tuple[int, int]:
    """The height and width of crops: those of the settings, at most the largest image's, rounded up to 32."""
    height, width = (32 * math.ceil(side / 32) for side in np.asarray(examples["sizes"]).max(0))
    return min(settings.crop_height, height), min(settings.crop_width, width)


def mirrored_crop(array: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """A crop of an image or mask, [height, width, ...]; beyond the edges it holds the mirror image.

    A mirrored edge looks like more of the same scene; a network would learn a black one as a separate class.
    """
    before = (max(-top, 0), max(-left, 0))
    after = (max(top + height - array.shape[0], 0), max(left + width - array.shape[1], 0))
    inside = array[max(top, 0) : top + height, max(left, 0) : left + width]
    if any(before) or any(after):
        beyond = [(before[0], after[0]), (before[1], after[1])] + [(0, 0)] * (array.ndim - 2)
        return np.pad(inside, beyond, mode="symmetric")
    return np.ascontiguousarray(inside)


def pixel_of_random_class(mask: np.ndarray, source: Generator) -> tuple[int, int]:
    """The row and column of a random pixel of a random class; each class in the mask is equally likely."""
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)[:IGNORE])
    if not len(present):
        return below(mask.shape[0], source), below(mask.shape[1], source)
    places = np.flatnonzero(mask.ravel() == present[below(len(present), source)])
    row, column = divmod(int(places[below(len(places), source)]), mask.shape[1])
    return row, column


def random_flip(image: Tensor, mask: Tensor, kind: str, source: Generator) -> tuple[Tensor, Tensor]:
    """Mirror both left to right half of the time; for `all` also upside down, and square ones by a quarter turn."""
    if kind != "none" and uniform(0, 1, source) < 0.5:
        image, mask = image.flip(-1), mask.flip(-1)
    if kind == "all":
        if uniform(0, 1, source) < 0.5:
            image, mask = image.flip(-2), mask.flip(-2)
        # With the two flips, the transpose gives all eight positions of a square.
        if image.shape[-1] == image.shape[-2] and uniform(0, 1, source) < 0.5:
            image, mask = image.transpose(-1, -2), mask.transpose(-1, -2)
    return image, mask


def random_color(image: Tensor, most: float, source: Generator) -> Tensor:
    """Change brightness, contrast and saturation by random factors between 1 - most and 1 + most."""
    if most:
        for adjust in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation):
            image = adjust(image, 1 + most * uniform(-1, 1, source))
    return image


def uniform(low: float, high: float, source: Generator) -> float:
    """A random number; it comes from `source` only, so that a run can be repeated."""
    return low + (high - low) * float(torch.rand((), generator=source))


def below(limit: int, source: Generator) -> int:
    """A random whole number from 0 to limit - 1."""
    return int(torch.randint(limit, (), generator=source))
