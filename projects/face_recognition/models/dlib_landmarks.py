"""Dlib's five landmarks of a face: regression trees that move a mean shape into place (Kazemi & Sullivan 2014).

dlib's network was trained on crops that these landmarks aligned. They start from a face's box; here it is laid so that
the mean shape's eyes lie on eyes that a detector has found.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.dlib_format import Reader, find_file, read_checked
from shared.errors import UserError
from shared.training.checkpoint import load_checkpoint, save_checkpoint

FILE_NAME = "shape_predictor_5_face_landmarks.dat"
CONVERTED = "trees.safetensors"
"""The file of the trees in data.processed and beside an exported embedder; reading dlib's file takes seconds."""
SHA256 = "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"


@dataclass(frozen=True)
class Trees:
    """C cascades of T trees with S splits and S + 1 leaves each; P pixels are compared, of a shape of L numbers."""

    shape: np.ndarray
    """float32 [L / 2, 2]: the mean shape, in a box of side one."""
    splits: np.ndarray
    """int32 [C, T, S, 2]: the two pixels that each split compares."""
    thresholds: np.ndarray
    """float32 [C, T, S]."""
    leaves: np.ndarray
    """float32 [C, T, S + 1, L]: how each leaf moves the shape."""
    anchors: np.ndarray
    """int32 [C, P]: the landmark that each pixel goes with."""
    offsets: np.ndarray
    """float32 [C, P, 2]: from there to the pixel."""


def load_trees(cache: Path) -> Trees:
    """The trees of the installed package; they are converted once into the folder `cache`.

    Raises:
        UserError: the package is not installed, or its file is another one.
    """
    path = cache / CONVERTED
    try:
        return _read_converted(path)
    except UserError:  # not there yet, or damaged
        trees = vars(read_trees(find_file(FILE_NAME)))
        save_checkpoint(path, {name: torch.from_numpy(array) for name, array in trees.items()}, {})
        return _read_converted(path)


def load_exported_trees(folder: Path) -> Trees:
    """The trees beside an exported embedder, so that a server needs no other files.

    Raises:
        UserError: they are missing or damaged.
    """
    path = folder / CONVERTED
    try:
        return _read_converted(path)
    except (UserError, TypeError) as error:
        raise UserError(f"{path} is missing or damaged; run `python main.py export` again.") from error


def _read_converted(path: Path) -> Trees:
    return Trees(**{name: tensor.numpy() for name, tensor in load_checkpoint(path).tensors.items()})


def read_trees(path: Path) -> Trees:
    """Read the published file.

    Raises:
        UserError: it is another one.
    """
    reader = Reader(read_checked(path, SHA256))
    reader.integer()  # the version of the format
    shape = np.array(reader.column(), np.float32).reshape(-1, 2)
    splits, thresholds, leaves = [], [], []
    cascades = reader.integer()
    for _ in range(cascades):
        for _ in range(reader.integer()):
            for _ in range(reader.integer()):
                splits.append(reader.integers(2))
                thresholds += reader.floats(1)
            leaves += [reader.column() for _ in range(reader.integer())]
    anchors = [reader.integers(reader.integer()) for _ in range(reader.integer())]
    offsets = [[reader.floats(2) for _ in range(reader.integer())] for _ in range(reader.integer())]
    trees = len(leaves) - len(splits)  # each tree has one leaf more than splits
    form = (cascades, trees // cascades, len(splits) // trees)
    return Trees(
        shape,
        np.array(splits, np.int32).reshape(*form, 2),
        np.array(thresholds, np.float32).reshape(form),
        np.array(leaves, np.float32).reshape(*form[:2], form[2] + 1, -1),
        np.array(anchors, np.int32),
        np.array(offsets, np.float32),
    )


def find_landmarks(trees: Trees, image: np.ndarray, corners: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The landmarks of a face, beginning from each of some boxes.

    Args:
        image: gray, [H, W].
        corners: (x, y) of the boxes' upper left corners, in pixels, [B, 2].
        sides: of the boxes, [B].

    Returns:
        float64 [B, 5, 2], (x, y) in pixels: the right eye's outer and inner corner as seen, the left eye's, the nose.
    """
    scale, shift = sides[:, None, None], corners[:, None]
    shapes = np.repeat(trees.shape[None].astype(np.float64), len(sides), 0)
    _, count, splits = trees.thresholds.shape
    # Places in flat arrays: of each tree's first split and first leaf, and of each box's first pixel.
    first_split, first_leaf = np.arange(count) * splits, np.arange(count) * (splits + 1)
    first_pixel = (np.arange(len(sides)) * trees.anchors.shape[1])[:, None]
    for pairs, thresholds, leaves, anchors, offsets in zip(
        trees.splits, trees.thresholds, trees.leaves, trees.anchors, trees.offsets, strict=True
    ):
        places = shapes[:, anchors] + offsets @ _turns(trees.shape, shapes).transpose(0, 2, 1)
        pixels = _pixels(image, places * scale + shift)
        one, other = np.ascontiguousarray(pairs.reshape(-1, 2).T)
        node = np.zeros((len(sides), count), np.int64)
        while node[0, 0] < splits:
            split = first_split + node
            difference = pixels.take(first_pixel + one.take(split)) - pixels.take(first_pixel + other.take(split))
            node = 2 * node + np.where(difference > thresholds.take(split), 1, 2)
        leaf = first_leaf + node - splits
        shapes += leaves.reshape(-1, leaves.shape[2]).take(leaf, 0).sum(1).reshape(len(sides), -1, 2)
    return shapes * scale + shift


def _turns(source: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The turns and scales, [B, 2, 2], that bring one shape, [L, 2], closest to others, [B, L, 2]."""
    a = (source - source.mean(0)) @ np.array([1, 1j])
    b = (targets - targets.mean(1, keepdims=True)) @ np.array([1, 1j])
    factors = (b * a.conj()).sum(1) / np.vdot(a, a).real
    return np.stack([factors.real, -factors.imag, factors.imag, factors.real], 1).reshape(-1, 2, 2)


def _pixels(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The pixels at these places, (x, y) in [B, P, 2], as float32 [B, P]; zero outside the image."""
    columns, rows = np.moveaxis(np.floor(places + 0.5).astype(np.int64), 2, 0)
    height, width = image.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = image[rows.clip(0, height - 1), columns.clip(0, width - 1)].astype(np.float32)
    return np.where(inside, values, np.float32(0))
