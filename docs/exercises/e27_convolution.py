"""Exercise 27, level 2: a convolution from sums of products, in NumPy.

After projects/mnist_classifier/notebooks/exploration.ipynb.
"""

import numpy as np


def convolve(images: np.ndarray, weights: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Slide windows of weights over images; pixels outside an image are zero.

    As usual in deep learning, the window is not flipped, so this is a cross-correlation.

    Args:
        images: float64 [N, channels, height, width].
        weights: float64 [features, channels, window height, window width].
        stride: number of pixels between two positions of the window.
        padding: number of rows and columns of zeros added on each side.

    Returns:
        float64 [N, features, (height + 2 padding - window height) // stride + 1, the same with widths].
    """
    raise NotImplementedError("your turn")
