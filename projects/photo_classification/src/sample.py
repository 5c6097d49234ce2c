"""The built-in sample: patches of photographs that come with scikit-image; a class is a photograph.

The patches of each split come from their own strip of each photograph, so no pixel of the test is trained on. Random
brightness, contrast, tint and zoom hide the colors: what can be seen tells the classes apart. It is a toy: eight
photographs say nothing about the thousands of others of their kind.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image
from skimage import data

STRIPS = {"train": (0.0, 0.5), "validation": (0.5, 0.75), "test": (0.75, 1.0)}
"""The part of each photograph's longer side that a split is cut from."""
PATCHES = {"train": 30, "validation": 10, "test": 20}
"""The number of patches of each photograph."""
SIDE = 128  # of a patch in pixels


def photographs() -> dict[str, np.ndarray]:
    """The photographs by what they show, uint8 [H, W, 3] or [H, W]; each shows it from end to end."""
    return {
        "bricks": data.brick(),
        "coins": data.coins(),
        "galaxies": data.hubble_deep_field(),
        "grass": data.grass(),
        "gravel": data.gravel(),
        "motorcycle": data.stereo_motorcycle()[0],
        "print": data.page(),
        "tissue": data.immunohistochemistry(),
    }


def draw_sample(split: str, seed: int) -> Iterator[tuple[str, int, Image.Image]]:
    """The class, the number and the image of each patch of a split."""
    begin, end = STRIPS[split]
    for name, photograph in photographs().items():
        random = np.random.default_rng([seed, *name.encode(), *split.encode()])
        image = Image.fromarray(photograph).convert("RGB")
        if image.height > image.width:
            image = image.transpose(Image.Transpose.ROTATE_90)
        strip = image.crop((round(begin * image.width), 0, round(end * image.width), image.height))
        largest = min(image.height, image.width // 4)  # the same in all splits
        for number in range(PATCHES[split]):
            yield name, number, _recolored(_patch(strip, largest, random), random)


def _patch(strip: Image.Image, largest: int, random: np.random.Generator) -> Image.Image:
    """A random square, scaled to `SIDE`; half of them are mirrored."""
    side = largest * random.uniform(0.6, 1.0)
    left, top = (random.uniform(0, length - side) for length in strip.size)
    patch = strip.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else patch


def _recolored(patch: Image.Image, random: np.random.Generator) -> Image.Image:
    """The same patch in light of another color: random gamma, saturation, contrast, brightness and tint."""
    pixels = (np.asarray(patch) / 255.0) ** random.uniform(0.5, 2.0)  # [SIDE, SIDE, 3]
    gray = pixels.mean(2, keepdims=True)
    pixels = gray + (pixels - gray) * random.uniform(0, 0.5)
    pixels = (pixels - pixels.mean()) / (pixels.std() + 0.02) * random.uniform(30, 60)
    pixels += random.uniform(90, 165) + random.uniform(-25, 25, 3)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
