"""Answers to exercise 27: a right one in another style, and plausible wrong ones."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(images: np.ndarray, weights: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """float64 [N, channels, rows, columns, window height, window width]."""
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return sliding_window_view(padded, weights.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]


def convolve__right_with_einsum(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nfrk", windows(images, weights, stride, padding), weights)


def convolve__wrong_flipped(images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nfrk", windows(images, weights, stride, padding), weights[..., ::-1, ::-1])


def convolve__wrong_no_stride(images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nfrk", windows(images, weights, 1, padding), weights)


def convolve__wrong_window_moves_by_one(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    here = windows(images, weights, 1, padding)
    rows, columns = ((here.shape[axis] - 1) // stride + 1 for axis in (2, 3))
    return np.einsum("ncrkhw,fchw->nfrk", here[:, :, :rows, :columns], weights)


def convolve__wrong_all_axes_padded(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    padded = np.pad(images, padding)
    here = sliding_window_view(padded, weights.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncrkhw,fchw->nfrk", here[:, : weights.shape[1]], weights)


def convolve__wrong_edge_repeated(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge")
    return np.einsum("ncrkhw,fchw->nfrk", windows(padded, weights, stride, 0), weights)


def convolve__wrong_first_channel_alone(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    here = windows(images, weights, stride, padding)
    return np.einsum("nrkhw,fhw->nfrk", here[:, 0], weights[:, 0])


def convolve__wrong_mean(images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nfrk", windows(images, weights, stride, padding), weights) / weights[0].size


def convolve__wrong_one_position_short(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nfrk", windows(images, weights, stride, padding), weights)[:, :, :-1, :-1]


def convolve__wrong_features_last(
    images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    return np.einsum("ncrkhw,fchw->nrkf", windows(images, weights, stride, padding), weights)
