"""Images for tests."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def drawn(random: np.random.Generator, ink: str = "black", paper: str = "white") -> Image.Image:
    """A stroke through three random points on a sheet of 40 x 30 pixels."""
    image = Image.new("RGB", (40, 30), paper)
    points = [tuple(point) for point in random.integers((6, 6), (34, 24), (3, 2)).tolist()]
    ImageDraw.Draw(image).line(points, fill=ink, width=3)
    return image


def save_images(root: Path, classes: dict[str, int], ink: str = "black", paper: str = "white") -> Path:
    """Strokes, another for each file: `<class>/<number>.png`."""
    random = np.random.default_rng(len(str(root)))
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            drawn(random, ink, paper).save(root / name / f"{index}.png")
    return root


def save_photos(root: Path) -> Path:
    """20 images of noise in color of each of two classes."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for index in range(20):
            Image.fromarray(random.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(root / name / f"{index}.png")
    return root
