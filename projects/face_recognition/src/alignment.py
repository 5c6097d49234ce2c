"""From a face's five landmarks to its chip: turned, scaled and cut, with eyes, nose and mouth in their places."""

import numpy as np
from PIL import Image
from skimage.transform import SimilarityTransform

PADDING = 0.25
"""Of the mean face's side, kept around it: dlib's network was trained so."""

# Left eye, right eye, tip of the nose, corners of the mouth, as seen, in a square of side one: dlib's mean face
# (`get_face_chip_details`, mean_face_shape_x and _y; an eye is the mean of its six points).
MEAN_FACE = np.array(
    [[0.225492, 0.215990], [0.754761, 0.215990], [0.490127, 0.515625], [0.254149, 0.780233], [0.726104, 0.780233]]
)


def chip_landmarks(size: int) -> np.ndarray:
    """Where the landmarks lie in a chip of that side, float [5, 2], (x, y) in pixels."""
    return (MEAN_FACE + PADDING) / (1 + 2 * PADDING) * size


def cut_chip(image: Image.Image, landmarks: np.ndarray, size: int) -> np.ndarray:
    """Cut a face out of a picture, by the similarity that brings its landmarks closest to the mean face's.

    What lies beyond the picture's edge is black.

    Args:
        image: RGB.
        landmarks: float [5, 2], (x, y) in pixels; the middle of the first pixel is (0, 0).

    Returns:
        uint8 [3, size, size].
    """
    to_picture = SimilarityTransform.from_estimate(chip_landmarks(size), landmarks)
    if to_picture.scale > 1:  # smaller first, with antialiasing: the cut below looks at single pixels
        smaller = tuple(max(1, round(side / to_picture.scale)) for side in image.size)
        shrink = np.array(smaller) / np.array(image.size)
        image, landmarks = image.resize(smaller, Image.Resampling.LANCZOS), (landmarks + 0.5) * shrink - 0.5
        to_picture = SimilarityTransform.from_estimate(chip_landmarks(size), landmarks)
    matrix = np.array(to_picture.params)[:2]
    matrix[:, 2] += 0.5 - 0.5 * matrix[:, :2].sum(1)  # Pillow counts from a pixel's corner, landmarks from its middle
    chip = image.transform((size, size), Image.Transform.AFFINE, tuple(matrix.ravel()), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(chip).transpose(2, 0, 1))
