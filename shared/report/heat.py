"""Where a network looked: a coarse map over an image, in the colors of a thermal camera."""

import numpy as np
from PIL import Image

COLORS = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], np.float32)
"""From cold to hot: five steps of viridis, which people with any color vision can order."""
OPACITY = 0.55


def heated(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The image, uint8 [H, W, 3], under a map of values between 0 and 1, float [h, w], enlarged to its size."""
    size = (image.shape[1], image.shape[0])
    enlarged = Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    values = np.asarray(enlarged).clip(0, 1)  # [H, W]
    steps = np.linspace(0, 1, len(COLORS))
    colors = np.stack([np.interp(values, steps, COLORS[:, channel]) for channel in range(3)], axis=2)
    blended: np.ndarray = (image * (1 - OPACITY) + colors * OPACITY).round().astype(np.uint8)
    return blended
