"""From photos to faces with embeddings: the detector, the alignment and the exported embedder."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.alignment import Aligner
from models.detector import Detector, Face
from models.dlib_landmarks import load_exported_trees
from shared.data.images import MAX_PIXELS, UnreadableImageError, as_rgb, read_image
from shared.errors import UserError
from shared.export.stale import open_exported
from src.config import Config, export_path
from src.decision import Decision, load_decision
from src.pairs import similarity

BATCH = 16
SMALLEST_FACE = 20
"""The side of the smallest face that MTCNN can find, in pixels of the searched image."""


@dataclass(frozen=True)
class Photo:
    """What is found in one image, the largest face first."""

    faces: list[Face] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)
    """uint8 [3, S, S] of each face."""
    embeddings: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    """float32 [faces, D]."""
    detail: str = ""
    """Why it is unreadable."""

    @property
    def status(self) -> str:
        """`faces`, `no face` or `unreadable`."""
        return "unreadable" if self.detail else "faces" if self.faces else "no face"

    @property
    def problem(self) -> tuple[str, str] | None:
        """Where it does not show one face: what it shows, as `several faces`, and the same with what to do."""
        if not self.faces:
            return self.status, f"cannot be read ({self.detail}); replace it" if self.detail else "shows no face"
        several = "several faces", f"shows {len(self.faces)} faces; crop it to one"
        return several if len(self.faces) > 1 else None


class Recognizer:
    """Finds and embeds the faces of images of any kind."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx` and the trees beside it; raises UserError where there are none."""
        self.network = open_exported(config, export_path(config))
        self.detector = Detector(config.detector)
        self._output_dir = config.output_dir
        self.embedder: str = self.network.metadata["embedder"]
        self._aligner = Aligner(load_exported_trees(export_path(config).parent))
        self._side = int(self.network.input_shape[-1])

    def read(self, source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
        """Decode a photo as those of training were; raises `UnreadableImageError`."""
        return read_image(source, max_pixels, self.network.metadata.get("value_range", []))

    def photos(self, files: Sequence[Path]) -> list[Photo]:
        """What is found in each image; one that cannot be read does not affect the others."""
        photos: list[Photo] = []
        for start in range(0, len(files), BATCH):
            read: list[Image.Image | Photo] = []
            for file in files[start : start + BATCH]:
                try:
                    read.append(self.read(file))
                except UnreadableImageError as error:
                    read.append(Photo(detail=str(error)))
            found = iter(self.photos_of_images([one for one in read if not isinstance(one, Photo)]))
            photos += [one if isinstance(one, Photo) else next(found) for one in read]
        return photos

    def photos_of_images(self, images: Sequence[Image.Image]) -> list[Photo]:
        """The same for images that are decoded already, of any mode."""
        photos = []
        for image, faces in zip(images, self.detector.detect_all(images), strict=True):
            color = as_rgb(image)
            crops = [self._aligner.crop(color, face.landmarks, self._side) for face in faces]
            photos.append(Photo(faces, crops))
        crops = [crop for photo in photos for crop in photo.crops]
        if not crops:
            return photos
        embeddings = self.network.run("embeddings", np.stack(crops), BATCH)  # [faces of all images, D]
        rows = np.split(embeddings, np.cumsum([len(photo.crops) for photo in photos])[:-1])
        return [replace(photo, embeddings=own) for photo, own in zip(photos, rows, strict=True)]

    @cached_property
    def decision(self) -> Decision:
        """The thresholds of this embedder."""
        return load_decision(self._output_dir, self.embedder)

    def compare(self, first: Photo, second: Photo) -> dict[str, Any]:
        """Whether two photos of one face each show the same person, as plain types; on_device.mjs does the same."""
        for name, photo in (("first", first), ("second", second)):
            if photo.problem:
                return {"prediction": photo.problem[0], "detail": f"the {name} image {photo.problem[1]}"}
        alike = float(similarity(first.embeddings[0], second.embeddings[0]))
        return {"prediction": self.decision.decide(alike), "similarity": alike, "thresholds": self.decision.origin}

    def smaller_faces(self, image: Image.Image) -> int:
        """The number of faces below `detector.min_face` beside the only one above: the person may be among them."""
        close = Detector(replace(self.detector.settings, min_face=SMALLEST_FACE))
        return max(0, len(close.detect(image)) - 1)

    def one_face(self, path: Path) -> Photo:
        """A photo that shows one face; a UserError where it cannot be read, or shows no face, or several."""
        photo = self.photos([path])[0]
        if photo.problem:
            raise UserError(f"{path} {photo.problem[1]}.")
        return photo
