"""The built-in sample: textured shapes over photos, drawn from a seed, with exact masks.

Photos and textures come with the scikit-image package. Each split is drawn from its own strip of them, so the
network never trains on a pixel of the test split. Every shape has a random tint and brightness: only its texture tells
its class.
"""

import numpy as np
from skimage import data
from skimage.draw import ellipse, polygon

from shared.data.arrays import Arrays
from shared.data.examples import Examples, SourceData
from shared.data.splits import Splits
from src.masks.decode import class_pixels

CLASSES = ["background", "brick", "grass", "gravel"]
SIDE = 128
STRIPS = Splits((0.0, 0.5), (0.5, 0.75), (0.75, 1.0))
"""The part of each photo's width that a split is drawn from."""
SHAPES = (1, 2)  # the fewest and the most in an image


def load_sample(seed: int, count: int) -> SourceData:
    """Draw the three splits: `count` training images, and a fifth as many for each other split."""
    gray = data.camera()
    photos = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket(), np.stack([gray] * 3, axis=2)]
    textures = [data.brick(), data.grass(), data.gravel()]
    splits = []
    for index, strip in enumerate(vars(STRIPS).values()):
        random = np.random.default_rng((seed, index))
        scenes = [_strip(photo, strip) for photo in photos]
        surfaces = [_strip(texture, strip) for texture in textures]
        drawn = [_draw(scenes, surfaces, random) for _ in range(count // (5 if index else 1))]
        columns = {
            "images": Arrays([image for image, _ in drawn]),
            "masks": Arrays([mask for _, mask in drawn]),
            "sizes": np.full((len(drawn), 2), SIDE),
            "pixels": np.stack([class_pixels(mask, len(CLASSES)) for _, mask in drawn]),
        }
        splits.append(Examples(columns, [f"{index}-{number:04d}" for number in range(len(drawn))]))
    description = "the built-in sample: textured shapes over photographs from scikit-image, drawn from the seed"
    return SourceData(CLASSES, *splits, description, "public domain and CC0 images of scikit-image")


def _strip(image: np.ndarray, share: tuple[float, float]) -> np.ndarray:
    width = image.shape[1]
    begin, end = round(width * share[0]), round(width * share[1])
    strip = image[:, begin:end]
    if strip.shape[1] < SIDE:  # narrow photos are continued by their mirror image
        strip = np.concatenate([strip, strip[:, ::-1]], axis=1)
    return strip


def _draw(
    scenes: list[np.ndarray], surfaces: list[np.ndarray], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One image, uint8 [SIDE, SIDE, 3], and its mask, uint8 [SIDE, SIDE]."""
    image = _square(scenes[random.integers(len(scenes))], random).astype(np.float32)
    image *= random.uniform(0.6, 1.2)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(random.integers(*SHAPES, endpoint=True)):
        kind = int(random.integers(len(surfaces)))
        rows, columns = _shape(random)
        texture = _square(surfaces[kind], random)
        # Random contrast, brightness and tint: of all that a shape looks like, only the pattern tells its class.
        pattern = (texture.astype(np.float32) - texture.mean()) * random.uniform(1.0, 1.5)
        surface = pattern[:, :, None] + random.uniform(40, 190) + random.uniform(-30, 30, 3)  # [SIDE, SIDE, 3]
        image[rows, columns] = surface[rows, columns]
        mask[rows, columns] = kind + 1
    image += random.normal(0, 4, image.shape)
    return image.clip(0, 255).astype(np.uint8), mask


def _square(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A random square of the image; half of them are mirrored."""
    top = random.integers(image.shape[0] - SIDE, endpoint=True)
    left = random.integers(image.shape[1] - SIDE, endpoint=True)
    square = image[top : top + SIDE, left : left + SIDE]
    return square[:, ::-1] if random.random() < 0.5 else square


def _shape(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of an ellipse or of a polygon around a random place."""
    row, column = random.uniform(20, SIDE - 20, 2)
    if random.random() < 0.5:
        radii = random.uniform(24, 46, 2)
        return ellipse(row, column, *radii, shape=(SIDE, SIDE), rotation=random.uniform(0, np.pi))
    corners = random.integers(3, 7, endpoint=True)
    angles = random.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, corners, endpoint=False)
    lengths = random.uniform(34, 56, corners)
    return polygon(row + lengths * np.sin(angles), column + lengths * np.cos(angles), shape=(SIDE, SIDE))
