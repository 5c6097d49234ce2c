"""Exercise 4: a convolution, with nothing but sums. NumPy alone."""

import numpy as np


def convolve(images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Slide windows of weights over images; what lies outside an image counts as zero.

    As everywhere in deep learning the window is not turned around, so that this is a cross-correlation.

    Args:
        images: float64 [N, channels, height, width].
        weights: float64 [features, channels, window height, window width].
        stride: by how many pixels the window moves on.
        padding: how many rows and columns of zeros are added on each side.

    Returns:
        float64 [N, features, (height + 2 padding - window height) // stride + 1, the same with widths].
    """
    raise NotImplementedError("your turn")
