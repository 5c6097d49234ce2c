"""Images and masks become arrays: files are decoded, their values turned into class ids, and what does not fit named.

In memory a mask is always uint8 class ids, with `IGNORE` for pixels without one. What the values in the files mean is
decided in encoding.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from shared.console import track
from shared.data.examples import Examples
from shared.data.images import UnreadableImageError, open_image, read_image
from shared.data.problems import Problems, named
from src.masks.files import Pair

IGNORE = 255
"""The id of pixels that the loss and the scores leave out."""
WHITE = (255, 65535)
"""The gray levels of white in 8 and in 16 bits."""


@dataclass(frozen=True)
class StoredMask:
    """A mask as its file holds it."""

    values: np.ndarray
    """Integers [H, W]: gray levels, indices into a palette, or colors as 0xRRGGBB."""
    kind: Literal["gray", "palette", "color"] = "gray"
    palette: tuple[tuple[int, ...], ...] = ()
    """The color of each index, where `kind` is `palette`."""
    is_transparent: bool = False
    """Whether transparent pixels were read as background."""

    @cached_property
    def levels(self) -> list[int]:
        """The values that occur, sorted."""
        is_small = self.values.dtype == np.uint8  # counting is faster than sorting there
        found: list[int] = (
            np.flatnonzero(np.bincount(self.values.ravel())) if is_small else np.unique(self.values)
        ).tolist()
        return found


@dataclass(frozen=True)
class Decoded:
    """A pair of files, decoded and scaled down."""

    pair: Pair
    image: np.ndarray
    """uint8 [H, W, 3]"""
    mask: StoredMask


@dataclass(frozen=True)
class MaskFormat:
    """How class ids are written in mask files."""

    encoding: Literal["binary", "ids", "palette", "threshold", "outlines"]
    classes: list[str]
    ids: dict[int, int]
    """The class id, or `IGNORE`, of each value (see `StoredMask`)."""
    threshold: int = 0
    """Every other value from this one on is class 1, and every other below it class 0; 0: other values are unknown."""

    def decode(self, mask: np.ndarray, lossy: bool = False) -> tuple[np.ndarray, list[str]]:
        """The class ids of a mask, uint8 [H, W], and the values in it that stand for no class.

        Args:
            lossy: the file's compression blurs values; each value becomes the nearest known one.
        """
        found = np.unique(mask)  # [K]
        ids = {value: int(value >= self.threshold) for value in found.tolist()} if self.threshold else {}
        ids |= self.ids
        meant = nearest(found, np.array(list(ids))) if lossy else found
        table = np.array([ids.get(value, IGNORE) for value in meant.tolist()], np.uint8)  # [K]
        unknown = [value for value in meant.tolist() if value not in ids]
        shown = [f"#{value:06x}" if self.encoding == "palette" else str(value) for value in unknown]
        return table[np.searchsorted(found, mask)], shown  # [H, W]


def nearest(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The known value that is nearest to each found one, as colors 0xRRGGBB; a gray level is a shade of blue then."""
    a, b = (np.stack([values >> 16, values >> 8 & 255, values & 255], 1).astype(int) for values in (found, known))
    closest: np.ndarray = known[((a[:, None] - b[None]) ** 2).sum(2).argmin(1)]  # [found, known, 3] -> [found]
    return closest


def read_pairs(
    pairs: Sequence[Pair], max_side: int, problems: Problems, colors: bool = False, value_range: Sequence[float] = ()
) -> list[Decoded]:
    """Decode images and masks; those whose longer side has more than `max_side` pixels are scaled down.

    A pair that cannot be read, or whose sizes differ, goes into `problems` and is left out.

    Args:
        colors: colors stand for classes (see `read_mask`).
        value_range: see `read_image`.
    """
    decoded: list[Decoded] = []
    for pair in track(pairs, "read images"):
        kind, file = "unreadable images", pair.image
        try:
            image = read_rgb(file, value_range)  # [H, W, 3]
            kind, file = "unreadable masks", pair.mask
            mask = read_mask(file, colors)
        except UnreadableImageError as error:
            problems.add(kind, f"{file.name}: {error}")
        else:
            decoded += fitted(pair, image, mask, max_side, problems)
    return decoded


def read_rgb(path: Path, value_range: Sequence[float] = ()) -> np.ndarray:
    """An image as uint8 [H, W, 3]; raises `UnreadableImageError`."""
    return np.array(read_image(path, value_range=value_range).convert("RGB"))


def fitted(pair: Pair, image: np.ndarray, mask: StoredMask, max_side: int, problems: Problems) -> list[Decoded]:
    """The pair with its longer side at most `max_side`; none where the sizes differ, which goes into `problems`."""
    if image.shape[:2] != mask.values.shape:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.values.shape
        sizes = f"{width}x{height}, its mask {mask_width}x{mask_height}"
        problems.add("images whose mask has another size", f"{pair.image.name}: {sizes}")
        return []
    # Nearest: the mean of two class ids is the id of a third class.
    values = scaled_down(mask.values, max_side, Image.Resampling.NEAREST)
    return [Decoded(pair, scaled_down(image, max_side, Image.Resampling.LANCZOS), replace(mask, values=values))]


def read_mask(path: Path, colors: bool = False) -> StoredMask:
    """Decode a mask, turned by its EXIF orientation as images are.

    Transparent pixels are background: 0, or black. Where all that is visible is black, the opacity is the mask.

    Args:
        colors: colors stand for classes, also in a PNG with a palette; else the stored values do.

    Raises:
        UnreadableImageError: no image, damaged, or too large.
    """
    with open_image(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        alpha = np.asarray(image.convert("RGBA").getchannel("A")) if has_alpha else np.full((1, 1), 255)
        if image.mode == "P" and not colors and not ((alpha < 255) & (np.asarray(image) > 0)).any():
            flat = np.zeros(768, int)  # index 0 may be transparent: it is the background
            flat[: len(image.getpalette() or [])] = image.getpalette() or []
            return StoredMask(np.asarray(image), "palette", tuple(map(tuple, flat.reshape(256, 3).tolist())))
        is_transparent = bool((alpha < 255).any())
        if image.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
            values = whole_numbers(np.asarray(image))
        elif image.mode in ("1", "L") and not has_alpha:  # black and white becomes 0 and 255
            values = np.asarray(image.convert("L"))
        else:
            rgb = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))[:, :, :3]  # [H, W, 3]
            if is_transparent:
                layer = alpha[:, :, None].repeat(3, 2)
                rgb = (rgb * (layer / 255)).round().astype(np.uint8) if rgb[alpha > 0].any() else layer
            values = np.ascontiguousarray(rgb[:, :, 0])
            if (rgb != values[:, :, None]).any():
                packed = rgb.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
                return StoredMask(packed, "color", (), is_transparent)
    if colors:  # gray levels have three equal bytes; levels beyond 0 to 255 become 256, which is no color at all
        gray = values.astype(np.int32)
        values = np.where((gray < 0) | (gray > 255), 256, gray) * 0x010101
    return StoredMask(values, "gray", (), is_transparent)


def whole_numbers(values: np.ndarray) -> np.ndarray:
    """Values as int32; fractions from 0 to 1 become gray levels from 0 to 255.

    Raises:
        UnreadableImageError: a value is no number.
    """
    if not np.isfinite(values).all():
        raise UnreadableImageError("has pixels that are no numbers")
    has_fractions = bool((values != np.round(values)).any())
    return np.round(values * 255 if has_fractions and values.max() <= 1 else values).astype(np.int32)


def scaled_down(array: np.ndarray, max_side: int, method: Image.Resampling) -> np.ndarray:
    """The array [H, W, ...], with its longer side at most `max_side`."""
    height, width = array.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return array
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(array).resize(size, method))


def decode_masks(decoded: Iterable[Decoded], form: MaskFormat, problems: Problems) -> Examples:
    """Images and class ids; a mask with unknown values goes into `problems` and is left out."""
    names, images, masks = [], [], []
    for one in decoded:
        if one.pair.is_lossy and form.encoding == "ids":
            problems.add("masks of class ids whose compression blurs them, save them as PNG", one.pair.mask.name)
            continue
        ids, unknown = form.decode(one.mask.values, one.pair.is_lossy)
        if unknown:
            problems.add("masks with values that stand for no class", f"{one.pair.mask.name}: {named(unknown)}")
            continue
        names.append(one.pair.name)
        images.append(one.image)
        masks.append(ids)
    return Examples({"images": images, "masks": masks}, names)
