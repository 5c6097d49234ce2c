"""Images and masks for tests."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.data.examples import Data
from shared.errors import UserError
from src.config import load_config
from src.dataloader import load_data


def save_folder(root: Path, count: int, values: tuple[int, ...] = (0, 255), names: str = "{:03d}") -> Path:
    """Images of noise, 50 x 40 to 42, in images/, and masks with every value in them in masks/, another for each."""
    random = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for index in range(count):
        name, height, width = f"{names.format(index)}.png", 40 + index % 3, 50
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / name)
        Image.fromarray(random.choice(np.array(values, np.uint8), (height, width))).save(root / "masks" / name)
    return root


def load(root: Path, *flags: str) -> Data:
    """The data in a folder, by the default configuration and these flags."""
    return load_data(load_config(None, "--data.root", str(root), *flags))


def refusal(root: Path, *flags: str) -> str:
    """The sentence that refuses the data in a folder."""
    with pytest.raises(UserError) as refused:
        load(root, *flags)
    return str(refused.value)
