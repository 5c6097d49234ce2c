"""The built-in sample: patches of photographs that come with scikit-image and scikit-learn; a class is a photograph.

The patches of each split come from their own strip of each photograph, so no pixel of the test is trained on. Random
brightness, contrast, tint and zoom hide the colors: what tells the classes apart is what can be seen. It is a toy: ten
photographs say nothing about the thousands of others of their kind.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

STRIPS = {"train": (0.0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1.0)}
"""The part of each photograph's longer side that a split is cut from."""
PATCHES = {"train": 40, "validation": 12, "test": 25}
"""The number of patches of each photograph."""
SIDE = 128  # of a patch in pixels


def photographs() -> dict[str, np.ndarray]:
    """The photographs by what they show, uint8 [H, W, 3] or [H, W]."""
    return {
        "brick": data.brick(),
        "cat": data.chelsea(),
        "coins": data.coins(),
        "flower": load_sample_image("flower.jpg"),
        "galaxies": data.hubble_deep_field(),
        "grass": data.grass(),
        "gravel": data.gravel(),
        "motorcycle": data.stereo_motorcycle()[0],
        "temple": load_sample_image("china.jpg"),
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
        for number in range(PATCHES[split]):
            yield name, number, _recolored(_patch(strip, random), random)


def _patch(strip: Image.Image, random: np.random.Generator) -> Image.Image:
    """A random square, scaled to `SIDE`; half of them are mirrored."""
    side = min(strip.size) * random.uniform(0.6, 1.0)
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
