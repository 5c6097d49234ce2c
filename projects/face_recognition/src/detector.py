"""Finds faces and their landmarks in any picture, with the MTCNN of facenet-pytorch, whose weights its package holds.

MTCNN: Zhang et al. 2016, https://arxiv.org/abs/1604.02878.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image

from src.config import DetectorConfig

BATCH = 16


@dataclass(frozen=True)
class Face:
    """A face that was found; all coordinates are (x, y) in pixels of the picture."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom; it may reach beyond the picture."""
    confidence: float
    """The detector's probability that this is a face."""
    landmarks: np.ndarray
    """float [5, 2]: left eye, right eye, tip of the nose, left and right corner of the mouth, as seen."""

    @property
    def size(self) -> float:
        """The root of the box's area."""
        left, top, right, bottom = self.box
        return float(max(0.0, right - left) * max(0.0, bottom - top)) ** 0.5


class Detector:
    """MTCNN, which by itself raises on tiny and on gray pictures and gives no list where there is no face."""

    def __init__(self, settings: DetectorConfig) -> None:
        self.settings = settings
        self._network = MTCNN(min_face_size=settings.min_face, keep_all=True, device="cpu")

    def detect(self, image: Image.Image) -> list[Face]:
        """The faces of a picture of any mode and size, the largest first; none is an empty list."""
        return self.detect_all([image])[0]

    def detect_all(self, images: Sequence[Image.Image]) -> list[list[Face]]:
        """The faces of each picture; pictures of equal size go through the network together."""
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        scaled = [self._scaled(image) for image in images]
        for index, image in enumerate(scaled):
            groups[image.size].append(index)
        faces: list[list[Face]] = [[] for _ in images]
        for size, indices in groups.items():
            if min(size) < self.settings.min_face:
                continue
            for start in range(0, len(indices), BATCH):
                part = indices[start : start + BATCH]
                for index, found in zip(part, self._detect_equal([scaled[i] for i in part]), strict=True):
                    ratio = images[index].width / scaled[index].width
                    faces[index] = self._chosen(found, ratio)
        return faces

    def _scaled(self, image: Image.Image) -> Image.Image:
        """The picture in RGB, its longer side at most `max_side`."""
        scale = min(1.0, self.settings.max_side / max(image.size))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2)

    def _detect_equal(self, images: list[Image.Image]) -> list[np.ndarray]:
        """Rows of box, probability and landmarks, float [faces, 15], for each of some pictures of one size."""
        with torch.inference_mode():
            boxes, probabilities, points = self._network.detect([np.asarray(i) for i in images], landmarks=True)
        return [
            np.empty((0, 15))
            if box is None
            else np.concatenate(
                [np.asarray(part, dtype=np.float64).reshape(len(box), -1) for part in (box, probability, point)], axis=1
            )
            for box, probability, point in zip(boxes, probabilities, points, strict=True)
        ]

    def _chosen(self, rows: np.ndarray, ratio: float) -> list[Face]:
        faces = [
            Face(tuple(row[:4] * ratio), float(row[4]), row[5:].reshape(5, 2) * ratio)
            for row in rows
            if row[4] >= self.settings.min_confidence
        ]
        return sorted(faces, key=lambda face: -face.size)


def central_face(faces: Sequence[Face], size: tuple[int, int]) -> Face | None:
    """The face whose middle is nearest to the picture's middle, measured in its own size; None without a face."""
    middle = np.array(size) / 2

    def distance(face: Face) -> float:
        return float(np.linalg.norm(face.landmarks.mean(0) - middle)) / max(face.size, 1.0)

    return min(faces, key=distance, default=None)
