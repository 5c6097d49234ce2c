"""Where the faces of many photos lie, found once and remembered by the photos' bytes."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from models.dlib_landmarks import load_trees
from shared.console import track
from shared.data.images import UnreadableImageError, read_image
from shared.errors import UserError
from shared.files import read_json, write_json
from src.alignment import Aligner
from src.config import DetectorConfig
from src.detector import Detector, central_face

FORMAT_VERSION = 1
_TOGETHER = 16
_SAVE_EVERY = 32


class Detections:
    """Dlib's landmarks of the most central face of each photo, kept in a JSON file in the folder of processed data."""

    def __init__(self, folder: Path, settings: DetectorConfig) -> None:
        """Read what earlier runs have found with these settings; another program's or a damaged file is refused."""
        self._detector = Detector(settings)
        self._aligner = Aligner(load_trees(folder))
        key = f"{FORMAT_VERSION}-{settings.min_face}-{settings.max_side}-{settings.min_confidence:g}"
        self._path = folder / f"landmarks-{key}.json"
        self._known: dict[str, list[list[float]] | None] = {}
        if self._path.is_file():
            found = read_json(self._path, "delete it, so that the faces are searched anew")
            if not isinstance(found, dict):
                raise UserError(f"{self._path} is damaged; delete it, so that the faces are searched anew.")
            self._known = found

    def find(self, files: Sequence[Path]) -> dict[Path, np.ndarray | None]:
        """The landmarks, float [5, 2], by photo; None where no face is found.

        Unreadable photos are missing from the answer.
        """
        digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        unknown = [file for file, digest in digests.items() if digest not in self._known]
        before = len(self._known)
        for number, batch in enumerate(_batches(track(unknown, "find faces"), _TOGETHER)):
            self._search({digests[file]: image for file in batch if (image := _readable(file)) is not None})
            if (number + 1) % _SAVE_EVERY == 0:
                write_json(self._path, self._known)
        if len(self._known) > before:
            write_json(self._path, self._known)
        return {
            file: None if self._known[digest] is None else np.array(self._known[digest])
            for file, digest in digests.items()
            if digest in self._known
        }

    def _search(self, images: dict[str, Image.Image]) -> None:
        for (digest, image), faces in zip(
            images.items(), self._detector.detect_all(list(images.values())), strict=True
        ):
            face = central_face(faces, image.size)
            found = None if face is None else self._aligner.landmarks(image, face.landmarks)
            self._known[digest] = None if found is None else found.round(2).tolist()


def _readable(file: Path) -> Image.Image | None:
    try:
        return read_image(file).convert("RGB")
    except UnreadableImageError:
        return None


def _batches(files: Iterator[Path], size: int) -> Iterator[list[Path]]:
    while batch := list(itertools.islice(files, size)):
        yield batch
