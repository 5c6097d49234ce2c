"""Images for tests."""

from pathlib import Path

import numpy as np
from PIL import Image


def save_images(root: Path, classes: dict[str, int], size: tuple[int, int] = (40, 30)) -> Path:
    """Photos of noise, another for each file: `<class>/<number>.png`."""
    random = np.random.default_rng(len(str(root)))
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{index}.png")
    return root
