"""Exercise 04, solved: reshape splits an axis into two, transpose brings the two axes of a patch together."""

import numpy as np


def to_patches(image: np.ndarray, size: int) -> np.ndarray:
    """The patches, [N, size, size, C]."""
    height, width, channels = image.shape
    grid = image.reshape(height // size, size, width // size, size, channels)  # [rows, size, columns, size, C]
    return grid.transpose(0, 2, 1, 3, 4).reshape(-1, size, size, channels)  # [rows, columns, size, size, C] -> [N, ...]


def from_patches(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image, [H, W, C]."""
    size, channels = patches.shape[1], patches.shape[3]
    grid = patches.reshape(height // size, width // size, size, size, channels)  # [rows, columns, size, size, C]
    return grid.transpose(0, 2, 1, 3, 4).reshape(height, width, channels)  # [rows, size, columns, size, C] -> [H, W, C]
