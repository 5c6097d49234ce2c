"""From a face's landmarks to its crop: turned, scaled and cut, with eyes and nose where the embedder expects them."""

from typing import Any

import numpy as np
from PIL import Image
from skimage.transform import SimilarityTransform

from models.dlib_landmarks import Trees, find_landmarks

PADDING = 0.25
"""Of the mean face's side, kept around it: dlib's network was trained so."""

# In a square of side one, (x, y): left eye, right eye, tip of the nose, corners of the mouth, as seen. It is dlib's
# mean face of 68 points (`get_face_crop_details`), where an eye is the mean of its six points.
MEAN_FACE = np.array(
    [[0.225492, 0.215990], [0.754761, 0.215990], [0.490127, 0.515625], [0.254149, 0.780233], [0.726104, 0.780233]]
)
# Its mean face of five points: outer and inner corner of the right eye as seen, of the left eye, base of the nose.
DLIB_MEAN_FACE = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
PATCH_SIDE, PATCH_PADDING = 200, 1.0
"""Dlib's landmarks are looked for in an upright patch of this side, with room around the face."""

# Boxes to begin from: moved in x and y, in sides of the first one, and scaled.
BOXES = np.array(
    [[0, 0, 1], [0.04, 0, 1], [-0.04, 0, 1], [0, 0.04, 1], [0, -0.04, 1], [0, 0, 1.06], [0, 0, 0.94]], np.float64
)


def alignment_facts() -> dict[str, Any]:
    """How faces are aligned, as plain types; all that a page or a phone needs to do the same."""
    return {
        "how": "dlib's five landmarks onto its mean face by a similarity",
        "padding": PADDING,
        "mean_face": MEAN_FACE.tolist(),
        "dlib_mean_face": DLIB_MEAN_FACE.tolist(),
        "patch": {"side": PATCH_SIDE, "padding": PATCH_PADDING},
        "boxes": BOXES.tolist(),
    }


def places_in_crop(mean_face: np.ndarray, size: int, padding: float = PADDING) -> np.ndarray:
    """Where the landmarks of a mean face lie in a crop of that side, float [5, 2], (x, y) in pixels."""
    return (mean_face + padding) / (1 + 2 * padding) * size


class Aligner:
    """Finds dlib's landmarks of a face, which the detector's landmarks only begin, and cuts its crop as dlib does."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._own_eyes = np.stack([trees.shape[2:4].mean(0), trees.shape[:2].mean(0)])

    def landmarks(self, image: Image.Image, detected: np.ndarray) -> np.ndarray:
        """Dlib's five landmarks, float [5, 2], (x, y) in pixels of the image.

        They are looked for in an upright patch, in the box in which the mean shape's eyes lie on the detector's and in
        boxes beside it; the mean of what is found is steadier than any of them.

        Args:
            image: RGB.
            detected: the detector's landmarks (see `Face.landmarks`).
        """
        places = places_in_crop(MEAN_FACE, PATCH_SIDE, PATCH_PADDING)
        patch = cut(image, MEAN_FACE, detected, PATCH_SIDE, PATCH_PADDING).mean(0)
        eyes = places[:2]
        side = float(np.linalg.norm(eyes[1] - eyes[0]) / np.linalg.norm(self._own_eyes[1] - self._own_eyes[0]))
        sides = side * BOXES[:, 2]
        corners = eyes.mean(0) - self._own_eyes.mean(0) * sides[:, None] + BOXES[:, :2] * side
        found = find_landmarks(self._trees, patch, corners, sides).mean(0)
        return np.asarray(SimilarityTransform.from_estimate(places, detected)(found))

    def crop(self, image: Image.Image, detected: np.ndarray, size: int) -> np.ndarray:
        """The face's crop, uint8 [3, size, size], from an image in RGB and the detector's landmarks."""
        return cut_crop(image, self.landmarks(image, detected), size)


def cut_crop(image: Image.Image, landmarks: np.ndarray, size: int) -> np.ndarray:
    """The crop, uint8 [3, size, size], of a face with these landmarks of dlib's, from an image in RGB."""
    return cut(image, DLIB_MEAN_FACE, landmarks, size)


def cut(
    image: Image.Image, mean_face: np.ndarray, landmarks: np.ndarray, size: int, padding: float = PADDING
) -> np.ndarray:
    """Cut a crop by the similarity that brings the landmarks closest to the mean face's.

    What lies beyond the image's edge is black.

    Args:
        image: RGB.
        landmarks: float [5, 2], (x, y) in pixels; the middle of the first pixel is (0, 0).

    Returns:
        uint8 [3, size, size].
    """
    places = places_in_crop(mean_face, size, padding)
    to_image = SimilarityTransform.from_estimate(places, landmarks)
    if to_image.scale > 1:  # smaller first, with antialiasing: the cut below looks at single pixels
        smaller = tuple(max(1, round(side / to_image.scale)) for side in image.size)
        shrink = np.array(smaller) / np.array(image.size)
        image, landmarks = image.resize(smaller, Image.Resampling.LANCZOS), (landmarks + 0.5) * shrink - 0.5
        to_image = SimilarityTransform.from_estimate(places, landmarks)
    matrix = np.array(to_image.params)[:2]
    matrix[:, 2] += 0.5 - 0.5 * matrix[:, :2].sum(1)  # Pillow counts from a pixel's corner, landmarks from its middle
    crop = image.transform((size, size), Image.Transform.AFFINE, tuple(matrix.ravel()), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(crop).transpose(2, 0, 1))
