"""Images from files and bytes: decoded safely and turned upright."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from shared.data.folders import UnreadableFileError
from shared.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # Pillow knows more, one of which starts programs
MAX_PIXELS = 50_000_000
GAP = 2.0  # from here on the averages of blocks are half a gray level off, see Pillow's `reducing_gap`
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I", "F")  # gray with more than 8 bits a pixel


class UnreadableImageError(UnreadableFileError):
    """The bytes are no image that can be used; the message says why in a few words."""


@contextmanager
def open_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open an image for decoding in the `with` block, where every failure becomes an `UnreadableImageError`.

    The size is checked before anything is decoded: a file of 17 KB can claim 400 MB of pixels.

    Raises:
        UnreadableImageError: not an image, damaged, cut short, or larger than `max_pixels`.
    """
    try:
        with (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file,
            Image.open(file, formats=FORMATS) as image,
        ):
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed")
            yield image
    except (UnreadableImageError, UserError):  # the latter of a damaged shard
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed") from error
    except FileNotFoundError as error:
        raise UnreadableImageError("no such file") from error
    # Pillow's decoders raise errors of many kinds on damaged files, each of which means the same here.
    except Exception as error:
        raise UnreadableImageError("not an image, or a damaged one") from error


def read_image(source: Path | bytes, max_pixels: int = MAX_PIXELS, value_range: Sequence[float] = ()) -> Image.Image:
    """Decode an image, upright after its EXIF orientation, in mode L (gray) or RGB; transparency becomes white.

    Args:
        value_range: the values that become 0 and 255 in gray images of more than 8 bits a pixel, those of the network's
            training images (see `measure_range`). Where it is empty, 0 and 65535 do for whole numbers, 0 and 1 for
            fractions. It is never the image's own range, which would make a dim image as bright as any other.

    Raises:
        UnreadableImageError: as `open_image` does, or no range is known for the image's values.
    """
    with open_image(source, max_pixels) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return _gray_or_rgb(image, value_range)


def size_of(size: tuple[int, int]) -> dict[str, int]:
    """The measures of an image, from its (width, height)."""
    return {"width": size[0], "height": size[1]}


def _gray_or_rgb(image: Image.Image, value_range: Sequence[float]) -> Image.Image:
    if image.mode in DEEP_MODES:
        values = np.asarray(image, dtype=np.float64)
        low, high = value_range or _range_of_type(image.mode, values)
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
        return Image.fromarray(((values - low) / (high - low) * 255).round().clip(0, 255).astype(np.uint8))
    if image.mode in ("L", "1") and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return as_rgb(image)


def as_rgb(image: Image.Image) -> Image.Image:
    """The image in color; itself where it is, of which Pillow's `convert` would make a copy."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _range_of_type(mode: str, values: np.ndarray) -> tuple[float, float]:
    """The values that stand for black and white in images of this type."""
    high = 1.0 if mode == "F" else 65535.0
    finite = values[np.isfinite(values)]
    if len(finite) and not 0 <= finite.min() <= finite.max() <= high:
        raise UnreadableImageError(
            f"it holds values from {finite.min():g} to {finite.max():g} in place of 0 to {high:g}, and the network was "
            "trained without data.value_range"
        )
    return 0, high


def displayed(prepared: np.ndarray) -> np.ndarray:
    """An image as networks take it, [1 or 3, H, W], as plots show it: [H, W] in gray, or [H, W, 3]."""
    return prepared[0] if len(prepared) == 1 else prepared.transpose(1, 2, 0)


def scaled(image: Image.Image, width: int, height: int, box: tuple[float, float, float, float]) -> Image.Image:
    """The part `box` (left, top, right, bottom) of an image, scaled: first along its rows, then along its columns.

    Pillow alone would order the two by the image's shape, which a page in JavaScript could not repeat. Of an image that
    is at least `GAP` times twice as large, blocks of pixels are averaged first, which takes a fraction of the time.
    """
    left, top, right, bottom = box
    across, down = (max(1, int(old / new / GAP)) for old, new in ((right - left, width), (bottom - top, height)))
    image = image.reduce((across, down))
    left, top, right, bottom = left / across, top / down, right / across, bottom / down
    narrowed = image.resize((width, image.height), Image.Resampling.LANCZOS, box=(left, 0, right, image.height))
    return narrowed.resize((width, height), Image.Resampling.LANCZOS, box=(0, top, width, bottom))
