"""Images and masks become arrays: files are decoded, their values turned into class ids, and what does not fit named.

The masks of a data set are uint8 class ids, with `IGNORE` for pixels without one. What the values in the files mean is
decided in encoding.py, from what `look` finds in every file.
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
from shared.data.images import DEEP_MODES, UnreadableImageError, open_image, read_image
from shared.data.problems import Problems, named
from shared.data.splits import evenly_spaced
from shared.workers import in_processes, workers_for
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
    palette: bytes = b""
    """Red, green and blue of each of 256 indices, where `kind` is `palette`."""
    is_transparent: bool = False
    """Whether transparent pixels were read as background."""

    @cached_property
    def levels(self) -> list[int]:
        """The values that occur, sorted."""
        return sorted({*self.values.ravel().tolist()})

    def color(self, index: int) -> bytes:
        """Red, green and blue of an index into the palette."""
        return self.palette[3 * index : 3 * index + 3]

    def as_gray(self) -> "StoredMask":
        """The mask with the gray levels that its palette stands for, if it has one."""
        if self.kind != "palette":
            return self
        gray = np.frombuffer(self.palette, np.uint8)[::3]  # [256]
        return StoredMask(gray[self.values], "gray", b"", self.is_transparent)


@dataclass(frozen=True)
class MaskFormat:
    """How class ids are written in mask files."""

    encoding: Literal["binary", "ids", "palette", "threshold", "outlines"]
    classes: list[str]
    ids: dict[int, int]
    """The class id, or `IGNORE`, of each value (see `StoredMask`)."""
    threshold: int = 0
    """Every other value from this one on is class 1, and every other below it class 0; 0: other values are unknown."""

    def decode(self, values: np.ndarray, lossy: bool = False) -> tuple[np.ndarray, list[str]]:
        """The class ids of values [...], uint8 [...], and the values in them that stand for no class.

        Args:
            lossy: the file's compression blurs values; each value becomes the nearest known one.
        """
        found, _ = count_values(values)  # [K]
        ids = {value: int(value >= self.threshold) for value in found.tolist()} if self.threshold else {}
        ids |= self.ids
        meant = nearest(found, np.array(list(ids))) if lossy else found
        table = np.array([ids.get(value, IGNORE) for value in meant.tolist()], np.uint8)  # [K]
        unknown = [value for value in meant.tolist() if value not in ids]
        shown = [f"#{value:06x}" if self.encoding == "palette" else str(value) for value in unknown]
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


@dataclass(frozen=True)
class Reader:
    """How the files of a data set are read; its methods raise `UnreadableImageError`."""

    max_side: int
    """Images and masks whose longer side has more pixels are scaled down."""
    value_range: Sequence[float] = ()
    """See `read_image`."""
    colors: bool = False
    """See `read_mask`."""
    classes: Sequence[str] = ()
    """The classes of outlines."""
    gray_palettes: bool = False
    """See `StoredMask.as_gray`."""

    def image(self, pair: Pair) -> np.ndarray:
        """The image, uint8 [H, W, 3]."""
        return scaled_down(read_rgb(pair.image, self.value_range), self.max_side, Image.Resampling.LANCZOS)

    def values(self, pair: Pair) -> np.ndarray:
        """The values in the mask, [H, W]."""
        # Nearest: the mean of two class ids is the id of a third class.
        return scaled_down(self.stored(pair).values, self.max_side, Image.Resampling.NEAREST)

    def ids(self, form: MaskFormat, pair: Pair) -> np.ndarray:
        """The class ids of the mask, uint8 [H, W]."""
        return form.decode(self.values(pair), pair.is_lossy)[0]

    def stored(self, pair: Pair) -> StoredMask:
        """The mask in the size of its file."""
        if pair.outlines and pair.outlines.size:
            return StoredMask(draw(pair.outlines.objects, self.classes, pair.outlines.size))
        mask = read_mask(pair.mask, self.colors)
        return mask.as_gray() if self.gray_palettes else mask


def read_rgb(path: Path, value_range: Sequence[float]) -> np.ndarray:
    """An image as uint8 [H, W, 3]; raises `UnreadableImageError`."""
    return np.array(read_image(path, value_range=value_range).convert("RGB"))


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
            # Index 0 may be transparent: it is the background.
            return StoredMask(np.asarray(image), "palette", bytes(image.getpalette() or []).ljust(768, b"\0"))
        is_transparent = bool((alpha < 255).any())
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
                packed = rgb.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
                return StoredMask(packed, "color", b"", is_transparent)
    if colors:  # gray levels have three equal bytes; levels beyond 0 to 255 become 256, which is no color at all
        gray = values.astype(np.int32)
        values = np.where((gray < 0) | (gray > 255), 256, gray) * 0x010101
    return StoredMask(values, "gray", b"", is_transparent)


def whole_numbers(values: np.ndarray) -> np.ndarray:
    """Values as int32; fractions from 0 to 1 become gray levels from 0 to 255. Raises `UnreadableImageError`."""
    if not np.isfinite(values).all():
        raise UnreadableImageError("has pixels that are no numbers")
    has_fractions = bool((values != np.round(values)).any())
    return np.round(values * 255 if has_fractions and values.max() <= 1 else values).astype(np.int32)


def scaled_down(array: np.ndarray, max_side: int, method: Image.Resampling) -> np.ndarray:
    """The array [H, W, ...], with its longer side at most `max_side`."""
    if max(array.shape[:2]) <= max_side:
        return array
    image = Image.fromarray(array)
    image.thumbnail((max_side, max_side), method, reducing_gap=None)
    return np.array(image)


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

    def as_gray(self) -> "Seen":
        """See `StoredMask.as_gray`."""
        return replace(self, mask=self.mask.as_gray(), held=self.held and (self.held[0], self.held[1].as_gray()))


def look_at(
    pairs: Mapping[str, Sequence[Pair]], reader: Reader, cache: str, problems: Problems
) -> tuple[dict[str, list[Seen]], Reader]:
    """Decode the files of each split once; what cannot be read, or has two sizes, goes into `problems` and is left out.

    The reader comes back as all later reading needs it; `cache` is that of `DataConfig`.
    """
    files = list(chain.from_iterable(pairs.values()))
    needed = decoded_bytes(files, reader.max_side)
    held = cache == "memory" or (cache == "auto" and needed <= MEMORY_BYTES)
    how = "held in memory" if held else "decoded whenever they are needed"
    log.info(f"data: {len(files):,} images and masks are {how}; decoded they take {needed / 1e9:.2g} GB (data.cache)")
    seen: dict[str, list[Seen]] = {}
    for split, some in pairs.items():
        looked = in_processes(partial(_look, reader, held), some, workers_for(len(some)))
        found = list(track(looked, "read images", total=len(some)))
        seen[split] = [one for one in found if isinstance(one, Seen)]
        for one in found:
            if not isinstance(one, Seen):
                problems.add(*one)
    # Programs that reduce colors number them in any order: which index is white differs from file to file.
    masks = [one.mask for some in seen.values() for one in some if one.mask.kind == "palette"]
    if {mask.color(level) for mask in masks for level in mask.levels} <= {b"\0\0\0", b"\xff\xff\xff"}:
        reader = replace(reader, gray_palettes=True)
        seen = {split: [one.as_gray() for one in some] for split, some in seen.items()}
    return seen, reader


def decoded_bytes(pairs: Sequence[Pair], max_side: int) -> float:
    """About how much memory all images and masks take, by the sizes of some of the images."""
    chosen = [size_on_disk(pairs[index].image) for index in evenly_spaced(len(pairs), MOST_SIZED)]
    sizes = [(one["width"], one["height"]) for one in chosen if one]
    pixels = [width * height * min(1, max_side / max(width, height)) ** 2 for width, height in sizes]
    return BYTES_A_PIXEL * len(pairs) * sum(pixels) / max(1, len(pixels))


def _look(reader: Reader, hold: bool, pair: Pair) -> Seen | tuple[str, str]:
    """What there is to know of a pair, or what is wrong with it."""
    kind, file = "unreadable images", pair.image
    try:
        image = read_rgb(file, reader.value_range)  # [H, W, 3]
        size = mask_size = image.shape[:2]
        kind, file = "unreadable masks", pair.mask
        if pair.outlines:  # which are drawn in the size that the file states, if it is the image's
            mask_size = pair.outlines.size or size
            pair = pair._replace(outlines=pair.outlines._replace(size=mask_size))
        if mask_size == size:
            mask = reader.stored(pair)
            mask_size = mask.values.shape
    except UnreadableImageError as error:
        return kind, f"{file.name}: {error}"
    if mask_size != size:
        (height, width), (mask_height, mask_width) = size, mask_size
        text = f"{pair.image.name}: {width}x{height}, its mask {mask_width}x{mask_height}"
        return "images whose mask has another size", text
    image = scaled_down(image, reader.max_side, Image.Resampling.LANCZOS)
    values = scaled_down(mask.values, reader.max_side, Image.Resampling.NEAREST)
    levels, counts = count_values(values)
    return Seen(
        pair,
        values.shape,
        thumbnail(image),
        tuple(hashlib.sha256(array.tobytes()).digest() for array in (image, values)),
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


def decode_masks(seen: Sequence[Seen], form: MaskFormat, reader: Reader, problems: Problems) -> Examples:
    """The pairs as examples (see `load_data`); a mask with unknown values goes into `problems` and is left out."""
    good, pixels = [], []
    for one in seen:
        ids, unknown = form.decode(one.mask.values, one.pair.is_lossy)
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
        decoded = [form.decode(one.held[1].values, one.pair.is_lossy)[0] for one in good if one.held]
        masks = Arrays(decoded, of_masks)
    else:
        pairs = [one.pair for one in good]
        images, masks = Arrays(pairs, of_images, reader.image), Arrays(pairs, of_masks, partial(reader.ids, form))
    sizes = np.array([one.size for one in good]).reshape(-1, 2)
    thumbnails = np.array([one.thumbnail for one in good])
    columns = {"images": images, "masks": masks, "sizes": sizes, "pixels": np.array(pixels), "thumbnails": thumbnails}
    return Examples(columns, [one.pair.name for one in good])


def class_pixels(ids: np.ndarray, classes: int, counts: np.ndarray | None = None) -> np.ndarray:
    """How many pixels each class has, and how many are ignored, int64 [C + 1]; each id occurs `counts` times."""
    return np.bincount(ids.ravel(), counts, 256)[[*range(classes), IGNORE]].astype(np.int64)
