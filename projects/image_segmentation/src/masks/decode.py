"""Images and masks become arrays: files are decoded, values become class ids, and files that do not fit are named.

The masks of a data set are uint8 class ids, with `IGNORE` for pixels without one. What the values in the files mean is
decided in encoding.py, from what `inspect_pairs` finds in every file.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from shared.console import log, track
from shared.data.arrays import Arrays
from shared.data.check import size_on_disk
from shared.data.copies import thumbnail
from shared.data.examples import Examples
from shared.data.images import DEEP_MODES, UnreadableImageError, as_rgb, open_image, read_image
from shared.data.problems import Problems, named
from shared.data.splits import evenly_spaced
from shared.workers import in_processes, workers_for
from src.config import DataConfig
from src.masks import IGNORE
from src.masks.files import Pair
from src.masks.outlines import draw

MEMORY_BYTES = 1_000_000_000
"""Where images and masks would take more memory than this, `data.cache auto` decodes them on demand."""
BYTES_A_PIXEL = 4  # red, green, blue, and the class
MOST_SIZED = 500  # images whose sizes stand for all
MID_GRAY = (64, 191)  # levels between the two of black and white


@dataclass(frozen=True)
class StoredMask:
    """A mask as its file holds it."""

    values: np.ndarray
    """Integers [H, W]: gray levels, indices into a palette, or colors as 0xRRGGBB; in `Seen` those that occur, [K]."""
    kind: Literal["gray", "palette", "color"] = "gray"
    palette: np.ndarray | None = None
    """The color of each index, int32 [256]; None where `kind` is not `palette`."""
    is_transparent: bool = False
    """Whether transparent pixels were read as background."""

    @cached_property
    def levels(self) -> list[int]:
        """The values that occur, sorted."""
        return sorted({*self.values.ravel().tolist()})

    def as_gray(self) -> "StoredMask":
        """The mask with the gray levels that its palette stands for, if it has one."""
        if self.palette is None:
            return self
        return StoredMask(self.palette.astype(np.uint8)[self.values], is_transparent=self.is_transparent)  # blue

    def as_colors(self) -> np.ndarray:
        """The color 0xRRGGBB that each value stands for; gray levels beyond 0 to 255 become 256, which is none."""
        if self.kind == "color":
            return self.values
        if self.palette is not None:
            return self.palette[self.values]
        gray = self.values.astype(np.int32)
        return np.where((gray < 0) | (gray > 255), 256, gray) * 0x010101


@dataclass(frozen=True)
class MaskFormat:
    """How class ids are written in mask files."""

    encoding: Literal["binary", "ids", "palette", "threshold", "outlines"]
    classes: list[str]
    ids: dict[int, int]
    """The class id, or `IGNORE`, of each value (see `StoredMask`); of each color, where `encoding` is `palette`."""
    threshold: int = 0
    """Every other value from this one on is class 1, and every other below it class 0; 0: other values are unknown."""
    gray_palettes: bool = False
    """See `StoredMask.as_gray`."""

    def decode(self, mask: StoredMask, lossy: bool = False) -> tuple[np.ndarray, list[str]]:
        """The class ids of a mask's values [...], uint8 [...], and the values in them that stand for no class.

        Args:
            lossy: the file's compression blurs values; each value becomes the nearest known one.
        """
        by_color = self.encoding == "palette"
        values = mask.as_colors() if by_color else (mask.as_gray() if self.gray_palettes else mask).values
        found, _ = count_values(values)  # [K]
        ids = {value: int(value >= self.threshold) for value in found.tolist()} if self.threshold else {}
        ids |= self.ids
        meant = nearest(found, np.array(list(ids))) if lossy else found
        table = np.array([ids.get(value, IGNORE) for value in meant.tolist()], np.uint8)  # [K]
        unknown = [value for value in meant.tolist() if value not in ids]
        shown = [f"#{value:06x}" if by_color else str(value) for value in unknown]
        if values.dtype != np.uint8:
            return table[np.searchsorted(found, values)], shown
        by_value = np.zeros(256, np.uint8)  # which is faster than searching
        by_value[found] = table
        return by_value[values], shown


def count_values(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The integers that occur, sorted, and how often: int64 [K], int64 [K]."""
    if values.dtype != np.uint8:
        return np.unique(values, return_counts=True)
    counts = np.bincount(values.ravel())  # which is faster than sorting
    return np.flatnonzero(counts), counts[counts > 0]


def nearest(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The known value that is nearest to each found one, as colors 0xRRGGBB; a gray level is a shade of blue then."""
    a, b = (np.stack([values >> 16, values >> 8 & 255, values & 255], 1).astype(int) for values in (found, known))
    closest: np.ndarray = known[((a[:, None] - b[None]) ** 2).sum(2).argmin(1)]  # [found, known, 3] -> [found]
    return closest


def image_of(settings: DataConfig, pair: Pair) -> np.ndarray:
    """The image of a pair, uint8 [H, W, 3]; raises `UnreadableImageError`."""
    return scaled_down(read_rgb(settings, pair), settings, Image.Resampling.LANCZOS)


def mask_of(settings: DataConfig, pair: Pair) -> StoredMask:
    """The mask of a pair in the size of its image; raises `UnreadableImageError`."""
    mask = stored_mask(pair)
    # Nearest: the mean of two class ids is the id of a third class.
    return replace(mask, values=scaled_down(mask.values, settings, Image.Resampling.NEAREST))


def ids_of(settings: DataConfig, form: MaskFormat, pair: Pair) -> np.ndarray:
    """The class ids of the mask of a pair, uint8 [H, W]; raises `UnreadableImageError`."""
    return form.decode(mask_of(settings, pair), pair.is_lossy)[0]


def read_rgb(settings: DataConfig, pair: Pair) -> np.ndarray:
    """The image of a pair in the size of its file, uint8 [H, W, 3]; raises `UnreadableImageError`."""
    return np.array(as_rgb(read_image(pair.image, value_range=settings.value_range)))


def stored_mask(pair: Pair) -> StoredMask:
    """The mask of a pair in the size of its file; raises `UnreadableImageError`."""
    return StoredMask(draw(pair.objects, pair.size)) if pair.size else read_mask(pair.mask)


def scaled_down(array: np.ndarray, settings: DataConfig, method: Image.Resampling) -> np.ndarray:
    """The array [H, W, ...], with its longer side at most `data.max_side`."""
    if max(array.shape[:2]) <= settings.max_side:
        return array
    image = Image.fromarray(array)
    image.thumbnail((settings.max_side, settings.max_side), method, reducing_gap=None)
    return np.array(image)


def read_mask(path: Path) -> StoredMask:
    """Decode a mask, turned by its EXIF orientation as images are.

    Transparent pixels are background: 0, or black. Where all that is visible is black, the opacity is the mask.

    Raises:
        UnreadableImageError: no image, damaged, or too large.
    """
    with open_image(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        alpha = np.asarray(image.convert("RGBA").getchannel("A")) if has_alpha else np.full((1, 1), 255)
        is_transparent = bool((alpha < 255).any())
        if image.mode == "P" and not ((alpha < 255) & (np.asarray(image) > 0)).any():
            colors = np.frombuffer(bytes(image.getpalette() or []).ljust(768, b"\0"), np.uint8).reshape(256, 3)
            palette = packed(colors)
            palette[0] *= not is_transparent  # index 0 may be transparent: it is the background
            return StoredMask(np.asarray(image), "palette", palette)
        if image.mode in DEEP_MODES:
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
                return StoredMask(packed(rgb), "color", None, is_transparent)
    return StoredMask(values, "gray", None, is_transparent)


def packed(colors: np.ndarray) -> np.ndarray:
    """Colors, uint8 [..., 3], as 0xRRGGBB, int32 [...]."""
    return colors.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)


def whole_numbers(values: np.ndarray) -> np.ndarray:
    """Values as int32; fractions from 0 to 1 become gray levels from 0 to 255. Raises `UnreadableImageError`."""
    if not np.isfinite(values).all():
        raise UnreadableImageError("has pixels that are no numbers")
    has_fractions = bool((values != np.round(values)).any())
    return np.round(values * 255 if has_fractions and values.max() <= 1 else values).astype(np.int32)


@dataclass(frozen=True)
class Seen:
    """What is known of a pair of files before it is decided what masks mean."""

    pair: Pair
    size: tuple[int, int]
    """Height and width."""
    thumbnail: np.ndarray
    digests: tuple[bytes, bytes]
    """Of the image and of the mask."""
    mask: StoredMask
    """Its `values` are those that occur, [K]."""
    counts: np.ndarray
    """The number of pixels of each value, int64 [K]."""
    flat_gray: float
    """See `flat_mid_gray`."""
    held: tuple[np.ndarray, StoredMask] | None
    """The image, uint8 [H, W, 3], and the mask, where they are held in memory."""


def inspect_pairs(
    pairs: Mapping[str, Sequence[Pair]], settings: DataConfig, problems: Problems
) -> dict[str, list[Seen]]:
    """Decode the files of each split once; those that cannot be read or have two sizes go into `problems` instead."""
    files = list(chain.from_iterable(pairs.values()))
    needed = decoded_bytes(files, settings.max_side)
    held = settings.cache == "memory" or (settings.cache == "auto" and needed <= MEMORY_BYTES)
    how = "held in memory" if held else "decoded whenever they are needed"
    log.info(f"data: {len(files):,} images and masks are {how}; decoded they take {needed / 1e9:.2g} GB (data.cache)")
    seen: dict[str, list[Seen]] = {}
    for split, some in pairs.items():
        looked = in_processes(partial(_inspect, settings, held), some, workers_for(len(some)))
        found = list(track(looked, "read images", total=len(some)))
        seen[split] = [one for one in found if isinstance(one, Seen)]
        for one in found:
            if not isinstance(one, Seen):
                problems.add(*one)
    return seen


def decoded_bytes(pairs: Sequence[Pair], max_side: int) -> float:
    """About how much memory all images and masks take, by the sizes of some of the images."""
    chosen = [size_on_disk(pairs[index].image) for index in evenly_spaced(len(pairs), MOST_SIZED)]
    sizes = [(one["width"], one["height"]) for one in chosen if one]
    pixels = [width * height * min(1, max_side / max(width, height)) ** 2 for width, height in sizes]
    return BYTES_A_PIXEL * len(pairs) * sum(pixels) / max(1, len(pixels))


def _inspect(settings: DataConfig, hold: bool, pair: Pair) -> Seen | tuple[str, str]:
    """What there is to know of a pair, or what is wrong with it."""
    kind, file = "unreadable images", pair.image
    try:
        image = read_rgb(settings, pair)  # [H, W, 3]
        size = image.shape[:2]
        kind, file = "unreadable masks", pair.mask
        if pair.is_drawn:  # outlines are drawn in the size that their file states, or else in the image's
            pair = pair._replace(size=pair.size or size)
        mask = stored_mask(pair) if pair.size in (None, size) else None
    except UnreadableImageError as error:
        return kind, f"{file.name}: {error}"
    mask_size = mask.values.shape if mask else pair.size
    if mask is None or mask_size != size:
        (height, width), (mask_height, mask_width) = size, mask_size
        text = f"{pair.image.name}: {width}x{height}, its mask {mask_width}x{mask_height}"
        return "images whose mask has another size", text
    image = scaled_down(image, settings, Image.Resampling.LANCZOS)
    values = scaled_down(mask.values, settings, Image.Resampling.NEAREST)
    levels, counts = count_values(values)
    colors = b"" if mask.palette is None else mask.palette.tobytes()
    return Seen(
        pair,
        values.shape,
        thumbnail(image),
        tuple(hashlib.sha256(content).digest() for content in (image.tobytes(), values.tobytes() + colors)),
        replace(mask, values=levels),
        counts,
        flat_mid_gray(values) if pair.is_lossy else 0.0,
        (image, replace(mask, values=values)) if hold else None,
    )


def flat_mid_gray(values: np.ndarray) -> float:
    """The share of pixels that are gray and in flat areas; compression makes gray of black and white at edges only."""
    levels = values.astype(int)
    middle, across = levels[1:-1, 1:-1], levels[1:-1, 2:] - levels[1:-1, :-2]
    down = levels[2:, 1:-1] - levels[:-2, 1:-1]
    flat = (middle >= MID_GRAY[0]) & (middle <= MID_GRAY[1]) & (abs(across) < 32) & (abs(down) < 32)
    return float(flat.mean()) if flat.size else 0.0


def decode_masks(seen: Sequence[Seen], form: MaskFormat, settings: DataConfig, problems: Problems) -> Examples:
    """The pairs as examples (see `load_data`); a mask with unknown values goes into `problems` and is left out."""
    good, pixels = [], []
    for one in seen:
        ids, unknown = form.decode(one.mask, one.pair.is_lossy)
        if one.pair.is_lossy and form.encoding == "ids":
            problems.add("masks of class ids whose compression blurs them, save them as PNG", one.pair.mask.name)
        elif unknown:
            problems.add("masks with values that stand for no class", f"{one.pair.mask.name}: {named(unknown)}")
        else:
            good.append(one)
            pixels.append(class_pixels(ids, len(form.classes), one.counts))
    of_images, of_masks = ([one.digests[place] for one in good] for place in (0, 1))
    if good and good[0].held:
        images = Arrays([one.held[0] for one in good if one.held], of_images)
        decoded = [form.decode(one.held[1], one.pair.is_lossy)[0] for one in good if one.held]
        masks = Arrays(decoded, of_masks)
    else:
        pairs = [one.pair for one in good]
        images = Arrays(pairs, of_images, partial(image_of, settings))
        masks = Arrays(pairs, of_masks, partial(ids_of, settings, form))
    sizes = np.array([one.size for one in good]).reshape(-1, 2)
    thumbnails = np.array([one.thumbnail for one in good])
    columns = {"images": images, "masks": masks, "sizes": sizes, "pixels": np.array(pixels), "thumbnails": thumbnails}
    return Examples(columns, [one.pair.name for one in good])


def class_pixels(ids: np.ndarray, classes: int, counts: np.ndarray | None = None) -> np.ndarray:
    """How many pixels each class has, and how many are ignored, int64 [C + 1]; each id occurs `counts` times."""
    return np.bincount(ids.ravel(), counts, 256)[[*range(classes), IGNORE]].astype(np.int64)
