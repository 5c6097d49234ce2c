"""Answers to exercise 04: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def to_patches__right_by_slices(image: np.ndarray, size: int) -> np.ndarray:
    height, width, _ = image.shape
    corners = [(y, x) for y in range(0, height, size) for x in range(0, width, size)]
    return np.stack([image[y : y + size, x : x + size] for y, x in corners])


def from_patches__right_by_concatenation(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    columns = width // patches.shape[1]
    strips = [np.concatenate(list(patches[i : i + columns]), axis=1) for i in range(0, len(patches), columns)]
    return np.concatenate(strips, axis=0)


MISTAKES = {
    "reshape alone": ("grid.transpose(0, 2, 1, 3, 4).reshape(-1", "grid.reshape(-1"),
    "column by column": ("grid.transpose(0, 2, 1, 3, 4).reshape(-1", "grid.transpose(2, 0, 1, 3, 4).reshape(-1"),
    "mirrored": ("grid.transpose(0, 2, 1, 3, 4).reshape(-1", "grid.transpose(0, 2, 3, 1, 4).reshape(-1"),
    "split in the other order": (
        "(height // size, size, width // size, size, channels)",
        "(size, height // size, size, width // size, channels).transpose(1, 0, 3, 2, 4)",
    ),
    "rows and columns kept apart": (".reshape(-1, size, size, channels)", ""),
    "in float": (".reshape(-1, size, size, channels)", ".reshape(-1, size, size, channels).astype(float)"),
    "back by reshape alone": ("grid.transpose(0, 2, 1, 3, 4).reshape(height", "grid.reshape(height"),
    "height and width swapped": ("(height // size, width // size,", "(width // size, height // size,"),
}
