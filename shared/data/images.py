"""Images from files and bytes: decoded safely and turned upright."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from shared.data.folders import UnreadableFileError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # Pillow knows more, one of which starts programs
MAX_PIXELS = 50_000_000


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
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed")
            yield image
    except UnreadableImageError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"more than the {max_pixels:,} pixels allowed") from error
    except FileNotFoundError as error:
        raise UnreadableImageError("no such file") from error
    # Pillow's decoders raise errors of many kinds on damaged files, each of which means the same here.
    except Exception as error:
        raise UnreadableImageError("not an image, or a damaged one") from error


def read_image(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode an image, upright after its EXIF orientation, in mode L (gray) or RGB; transparency becomes white.

    Raises:
        UnreadableImageError: as `open_image` does.
    """
    with open_image(source, max_pixels) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return _gray_or_rgb(image)


def _gray_or_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(image, dtype=np.float32)
        return Image.fromarray((values / max(float(values.max()), 1.0) * 255).clip(0, 255).astype(np.uint8))
    if image.mode in ("L", "1") and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return image.convert("RGB")
