"""Finds faces and their landmarks in any image, with the MTCNN of facenet-pytorch, whose weights its package holds.

MTCNN: Zhang et al. 2016, https://arxiv.org/abs/1604.02878.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image
from torch import nn

from src.config import DetectorConfig

BATCH = 16
SECOND_SEARCH = 1.5
"""The smallest face of the second search, as a multiple of the first one's."""


@dataclass(frozen=True)
class Face:
    """A face that was found; all coordinates are (x, y) in pixels of the image."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom; it may reach beyond the image."""
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
    """MTCNN, which by itself raises on tiny and on gray images and gives no list where there is no face."""

    def __init__(self, settings: DetectorConfig) -> None:
        self.settings = settings
        self._network, self._second = (
            MTCNN(min_face_size=round(settings.min_face * scale), keep_all=True, device="cpu")
            for scale in (1, SECOND_SEARCH)
        )

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The three networks, in the order in which they are asked."""
        return {name: getattr(self._network, name) for name in ("pnet", "rnet", "onet")}

    @property
    def facts(self) -> dict[str, Any]:
        """How the networks are used, as plain types."""
        return {
            "max_side": self.settings.max_side,
            "min_faces": [self._network.min_face_size, self._second.min_face_size],
            "min_confidence": self.settings.min_confidence,
            "thresholds": list(self._network.thresholds),
            "factor": self._network.factor,
        }

    def detect(self, image: Image.Image) -> list[Face]:
        """The faces of an image of any mode and size, the largest first; none is an empty list."""
        return self.detect_all([image])[0]

    def detect_all(self, images: Sequence[Image.Image]) -> list[list[Face]]:
        """The faces of each image; images of equal size go through the network together.

        The detector looks at an image in a pyramid of sizes and can miss a face that lies between two of them, so
        images without a face are searched once more in another pyramid.
        """
        scaled = [self._scaled(image) for image in images]
        found = self._search(scaled, self._network)
        missed = [index for index, rows in enumerate(found) if not len(rows)]
        for index, rows in zip(missed, self._search([scaled[i] for i in missed], self._second), strict=True):
            found[index] = rows
        ratios = [image.width / small.width for image, small in zip(images, scaled, strict=True)]
        return [_faces(rows, ratio) for rows, ratio in zip(found, ratios, strict=True)]

    def _search(self, images: list[Image.Image], network: MTCNN) -> list[np.ndarray]:
        """Rows of box, probability and landmarks, float [faces, 15], for each image, RGB of any size."""
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            groups[image.size].append(index)
        found = [np.empty((0, 15)) for _ in images]
        for size, indices in groups.items():
            if min(size) < network.min_face_size:
                continue
            for start in range(0, len(indices), BATCH):
                batch = indices[start : start + BATCH]
                for index, rows in zip(batch, _detect(network, [images[i] for i in batch]), strict=True):
                    found[index] = rows[rows[:, 4] >= self.settings.min_confidence]
        return found

    def _scaled(self, image: Image.Image) -> Image.Image:
        """The image in RGB, its longer side at most `max_side`."""
        scale = min(1.0, self.settings.max_side / max(image.size))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2)


def _detect(network: MTCNN, images: list[Image.Image]) -> list[np.ndarray]:
    """Rows of box, probability and landmarks, float [faces, 15], for each of some images of one size."""
    with torch.inference_mode():
        boxes, probabilities, points = network.detect([np.asarray(image) for image in images], landmarks=True)
    return [
        np.empty((0, 15))
        if box is None
        else np.concatenate(
            [np.asarray(split, dtype=np.float64).reshape(len(box), -1) for split in (box, probability, point)], axis=1
        )
        for box, probability, point in zip(boxes, probabilities, points, strict=True)
    ]


def _faces(rows: np.ndarray, ratio: float) -> list[Face]:
    """The largest first, in pixels of an image that many times as large as the one searched."""
    faces = [Face(tuple(row[:4] * ratio), float(row[4]), row[5:].reshape(5, 2) * ratio) for row in rows]
    return sorted(faces, key=lambda face: -face.size)


def central_face(faces: Sequence[Face], size: tuple[int, int]) -> Face | None:
    """The face whose middle is nearest to the image's middle, measured in its own size; None without a face."""
    middle = np.array(size) / 2

    def distance(face: Face) -> float:
        return float(np.linalg.norm(face.landmarks.mean(0) - middle)) / max(face.size, 1.0)

    return min(faces, key=distance, default=None)
