"""Answers to exercise 27: a right one in another style, and edits of the solution that make it wrong."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve__right_with_einsum(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, weights.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncrkhw,fchw->nfrk", windows, weights)


PADS = "((0, 0), (0, 0), (padding, padding), (padding, padding))"
MISTAKES = {
    "flipped": ("tensordot(window, weights,", "tensordot(window, weights[..., ::-1, ::-1],"),
    "no stride": ("    padded =", "    stride = 1\n    padded ="),
    "the window moves by one": ("row * stride, column * stride", "row, column"),
    "all axes padded": (f"{PADS})", "padding)[:, : weights.shape[1]]", "len(images)", "len(padded)"),
    "edge repeated": (PADS, f'{PADS}, mode="edge"'),
    "first channel alone": ("tensordot(window, weights,", "tensordot(window[:, :1], weights[:, :1],"),
    "mean": ("[1, 2, 3]))", "[1, 2, 3])) / weights[0].size"),
    "one position short": ("return result", "return result[:, :, :-1, :-1]"),
    "features last": ("return result", "return np.moveaxis(result, 1, -1)"),
}
