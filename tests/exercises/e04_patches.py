"""Answers to exercise 04: right ones in another style, and plausible wrong ones."""

import numpy as np


def to_patches__right_by_slices(image: np.ndarray, size: int) -> np.ndarray:
    height, width, _ = image.shape
    corners = [(y, x) for y in range(0, height, size) for x in range(0, width, size)]
    return np.stack([image[y : y + size, x : x + size] for y, x in corners])


def from_patches__right_by_concatenation(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    columns = width // patches.shape[1]
    strips = [np.concatenate(list(patches[i : i + columns]), axis=1) for i in range(0, len(patches), columns)]
    return np.concatenate(strips, axis=0)


def to_patches__wrong_reshape_alone(image: np.ndarray, size: int) -> np.ndarray:
    return image.reshape(-1, size, size, image.shape[2])


def to_patches__wrong_column_by_column(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    grid = image.reshape(height // size, size, width // size, size, channels)
    return grid.transpose(2, 0, 1, 3, 4).reshape(-1, size, size, channels)


def to_patches__wrong_mirrored(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    grid = image.reshape(height // size, size, width // size, size, channels)
    return grid.transpose(0, 2, 3, 1, 4).reshape(-1, size, size, channels)


def to_patches__wrong_split_in_the_other_order(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    grid = image.reshape(size, height // size, size, width // size, channels)
    return grid.transpose(1, 3, 0, 2, 4).reshape(-1, size, size, channels)


def to_patches__wrong_rows_and_columns_kept_apart(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    return image.reshape(height // size, size, width // size, size, channels).transpose(0, 2, 1, 3, 4)


def to_patches__wrong_in_float(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    corners = [(y, x) for y in range(0, height, size) for x in range(0, width, size)]
    patches = np.zeros((len(corners), size, size, channels))
    for index, (y, x) in enumerate(corners):
        patches[index] = image[y : y + size, x : x + size]
    return patches


def from_patches__wrong_reshape_alone(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    return patches.reshape(height, width, -1)


def from_patches__wrong_height_and_width_swapped(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    size, channels = patches.shape[1], patches.shape[3]
    grid = patches.reshape(width // size, height // size, size, size, channels)
    return grid.transpose(0, 2, 1, 3, 4).reshape(height, width, channels)
