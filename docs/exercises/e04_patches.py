"""Exercise 04, level 3: cut an image into square patches, and put it together again.

After docs/learn/01_numpy.ipynb. A Vision Transformer reads an image as such a row of patches.
"""

import numpy as np


def to_patches(image: np.ndarray, size: int) -> np.ndarray:
    """The patches of an image, from left to right, then from top to bottom.

    Args:
        image: [H, W, C], any dtype; H and W are multiples of `size`.
        size: the side of a patch in pixels.

    Returns:
        The same dtype, [H / size * W / size, size, size, C].
    """
    raise NotImplementedError("your turn")


def from_patches(patches: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image that `to_patches` has cut.

    Args:
        patches: [N, size, size, C], any dtype.
        height: H of the image.
        width: W of the image; N is H / size * W / size.

    Returns:
        The same dtype, [H, W, C].
    """
    raise NotImplementedError("your turn")
