"""From photos to faces with embeddings: the detector, the alignment and the exported embedder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from models.dlib_landmarks import load_exported_trees
from shared.data.images import UnreadableImageError, read_image
from shared.errors import UserError
from shared.inference.model import OnnxModel
from src.alignment import Aligner
from src.config import Config, export_path
from src.detector import Detector, Face

BATCH = 16


@dataclass(frozen=True)
class Photo:
    """What is found in one image, the largest face first."""

    status: str
    """`faces`, `no face` or `unreadable`."""
    faces: list[Face] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)
    """uint8 [3, S, S] of each face."""
    embeddings: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """float32 [faces, D]."""
    detail: str = ""


class Recognizer:
    """Finds and embeds the faces of images of any kind."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx` and the trees beside it; raises UserError where there are none."""
        self.network = OnnxModel(export_path(config))
        self.detector = Detector(config.detector)
        self.embedder: str = self.network.metadata["embedder"]
        self._aligner = Aligner(load_exported_trees(export_path(config).parent))
        self._side = int(self.network.input_shape[-1])

    def photos(self, sources: Sequence[Path] | Sequence[bytes]) -> list[Photo]:
        """What is found in each image; one that cannot be read never harms the others."""
        found: list[Photo] = []
        for start in range(0, len(sources), BATCH):
            found.extend(self._together([_read(source) for source in sources[start : start + BATCH]]))
        return found

    def photos_of_images(self, images: Sequence[Image.Image]) -> list[Photo]:
        """The same for images that are decoded already, in RGB or gray."""
        return self._together([image.convert("RGB") for image in images])

    def one_face(self, path: Path) -> np.ndarray:
        """The embedding, float32 [D], of the only face in a photo.

        Raises:
            UserError: it cannot be read, or shows no face, or several.
        """
        photo = self.photos([path])[0]
        if photo.status == "unreadable":
            raise UserError(f"{path} cannot be read ({photo.detail}); replace it.")
        if len(photo.faces) != 1:
            number = len(photo.faces) or "no"
            raise UserError(f"{path} shows {number} face{'s'[: len(photo.faces) != 1]}; give a photo of one face.")
        embedding: np.ndarray = photo.embeddings[0]
        return embedding

    def _together(self, images: list[Image.Image | str]) -> list[Photo]:
        readable = [image for image in images if isinstance(image, Image.Image)]
        faces = iter(self.detector.detect_all(readable))
        photos = [
            Photo("unreadable", detail=image) if isinstance(image, str) else self._cut(image, next(faces))
            for image in images
        ]
        crops = [crop for photo in photos for crop in photo.crops]
        embedded = self.network.run("embeddings", np.stack(crops), BATCH) if crops else None
        rows = iter(() if embedded is None else embedded)
        return [
            Photo(photo.status, photo.faces, photo.crops, np.stack([next(rows) for _ in photo.crops]))
            if photo.crops
            else photo
            for photo in photos
        ]

    def _cut(self, image: Image.Image, faces: list[Face]) -> Photo:
        if not faces:
            return Photo("no face")
        return Photo("faces", faces, [self._aligner.crop(image, face.landmarks, self._side) for face in faces])


def _read(source: Path | bytes) -> Image.Image | str:
    """The image in RGB, or why it cannot be read."""
    try:
        return read_image(source).convert("RGB")
    except UnreadableImageError as error:
        return str(error)
