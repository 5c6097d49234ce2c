"""The most central face of a photo: found once, remembered by the photo's bytes, and cut out."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.alignment import Aligner, cut_crop
from models.detector import Detector, central_face
from models.dlib_landmarks import load_trees
from models.model import crop_size
from shared.data.folders import Decoded
from shared.data.images import as_rgb, read_image, size_of
from shared.data.prepared import Reading
from shared.data.value_range import measure_range
from shared.errors import UserError
from src.config import Config, DetectorConfig

ALIGNMENT = "MTCNN's most central face, dlib's five landmarks onto its mean face, padding 0.25"
NO_FACE = "photos without a face, which are not trained on and count as errors"
SEVERAL = "photos of several faces, of which the most central one counts: crop them to the person"


def face_reading(config: Config) -> Reading:
    """How photos become crops, uint8 [3, S, S]; that of a photo without a face is black."""
    folder, value_range = config.data.processed, config.data.value_range
    load_trees(folder)  # converts them once, before several processes need them
    with _remembered(folder):  # a file that cannot be used is refused before any work
        settings = {"size": crop_size(config), "value_range": value_range, **asdict(config.detector)}
    return Reading(FaceReader(folder).read, settings, lambda files: {"value_range": measure_range(files, value_range)})


@dataclass(frozen=True)
class FaceReader:
    """Reads photos as crops; where their faces are is kept in a folder, so that no photo is searched twice."""

    folder: Path

    def read(self, path: Path, *, size: int, value_range: Sequence[float], **detector: Any) -> Decoded:
        """See `face_reading`; raises `UnreadableImageError`."""
        image = as_rgb(read_image(path, value_range=value_range))
        options = repr((list(value_range), sorted(detector.items())))
        key = hashlib.sha256(path.read_bytes() + options.encode()).hexdigest()
        with _remembered(self.folder) as table:
            known = table.execute("SELECT faces, landmarks FROM face WHERE photo = ?", (key,)).fetchone()
        if not known:
            known = find_face(image, self.folder, **detector)
            with _remembered(self.folder) as table:
                table.execute("INSERT OR REPLACE INTO face VALUES (?, ?, ?)", (key, *known))
        count, landmarks = known
        if not count:
            return Decoded(np.zeros((3, size, size), np.uint8), size_of(image.size), (NO_FACE,))
        crop = cut_crop(image, np.frombuffer(landmarks).reshape(5, 2), size)
        return Decoded(crop, size_of(image.size), (SEVERAL,) if count > 1 else ())


def find_face(image: Image.Image, folder: Path, **detector: Any) -> tuple[int, bytes]:
    """How many faces an image shows, and dlib's five landmarks of the most central one, float64 [5, 2]."""
    detect, aligner = _finders(os.getpid(), folder, **detector)
    faces = detect.detect(image)
    face = central_face(faces, image.size)
    return len(faces), aligner.landmarks(image, face.landmarks).round(2).tobytes() if face else b""


@cache
def _finders(process: int, folder: Path, **detector: Any) -> tuple[Detector, Aligner]:  # noqa: ARG001 - of each its own
    return Detector(DetectorConfig(**detector)), Aligner(load_trees(folder))


@contextmanager
def _remembered(folder: Path) -> Iterator[sqlite3.Connection]:
    """The table of all photos that were searched; opened anew each time, as no connection may cross a fork."""
    path = folder / "faces.sqlite"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")  # what a power cut loses is searched again
            connection.execute("CREATE TABLE IF NOT EXISTS face (photo PRIMARY KEY, faces, landmarks)")
            yield connection
    except sqlite3.Error as error:
        raise UserError(f"cannot use {path} ({error}); delete it, so that photos are searched anew.") from error
