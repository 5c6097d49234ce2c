"""The faces of many photos, found once, remembered by the photos' bytes, and cut out."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.alignment import Aligner, cut_crop
from models.detector import Detector, central_face
from models.dlib_landmarks import load_trees
from shared.console import log, track
from shared.data.images import UnreadableImageError, read_image
from shared.data.problems import named
from shared.errors import UserError
from shared.files import read_json, write_json
from src.config import Config

FORMAT_VERSION = 2
_TOGETHER = 16
_SAVE_EVERY = 32 * _TOGETHER

Landmarks = dict[str, tuple[int, list[list[float]]]]
"""By the SHA-256 of a photo: how many faces it shows, and dlib's five landmarks of the most central one."""


def cut_faces(files: Sequence[Path], size: int, config: Config) -> tuple[Tensor, np.ndarray]:
    """The crop of each photo's most central face, uint8 [N, 3, size, size], and how many faces it shows, int64 [N].

    Crops without a face are black; photos that cannot be read, show no face or show several are named.
    """
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    known = find_faces(dict(zip(digests, files, strict=True)), config)
    crops = torch.zeros(len(files), 3, size, size, dtype=torch.uint8)
    counts = np.array([known[digest][0] if digest in known else 0 for digest in digests], np.int64)
    for index, file in enumerate(track(files, "cut faces")):
        if counts[index]:
            points = np.array(known[digests[index]][1])
            crops[index] = torch.from_numpy(cut_crop(_read(file, config), points, size))
    left_out = "; they are not trained on and count as errors"
    readable = np.array([digest in known for digest in digests], bool)
    for what, which in (
        (f"cannot be read{left_out}", ~readable),
        (f"show no face{left_out}", readable & (counts == 0)),
        ("show several faces; the most central one counts, so crop them to the person", counts > 1),
    ):
        if which.any():
            photos = [str(files[index]) for index in np.flatnonzero(which)]
            log.warning(f"{len(photos)} of {len(files)} photos {what}: {named(photos)}")
    return crops, counts


def _read(file: Path, config: Config) -> Image.Image:
    return read_image(file, value_range=config.data.value_range).convert("RGB")


def find_faces(files: dict[str, Path], config: Config) -> Landmarks:
    """The landmarks in these photos, given by digest, and in those of earlier runs; unreadable photos are missing.

    They are kept in a JSON file in the folder of processed data, one for each setting of the detector; a damaged file
    is a UserError.
    """
    folder, settings = config.data.processed, config.detector
    options = f"{settings.min_face}-{settings.max_side}-{settings.min_confidence:g}"
    options += "".join(f"-{value:g}" for value in config.data.value_range)
    path = folder / f"landmarks-{FORMAT_VERSION}-{options}.json"
    known: Landmarks = {}
    if path.is_file():
        known = read_json(path, "delete it, so that the faces are searched anew")
        if not isinstance(known, dict):
            raise UserError(f"{path} is damaged; delete it, so that the faces are searched anew.")
    before, unknown = len(known), [digest for digest in files if digest not in known]
    detector, aligner = Detector(settings), Aligner(load_trees(folder))
    for start in track(range(0, len(unknown), _TOGETHER), "find faces"):
        images: dict[str, Image.Image] = {}
        for digest in unknown[start : start + _TOGETHER]:
            with suppress(UnreadableImageError):
                images[digest] = _read(files[digest], config)
        for (digest, image), faces in zip(images.items(), detector.detect_all(list(images.values())), strict=True):
            face = central_face(faces, image.size)
            known[digest] = len(faces), aligner.landmarks(image, face.landmarks).round(2).tolist() if face else []
        if start % _SAVE_EVERY == _SAVE_EVERY - _TOGETHER:
            write_json(path, known)
    if len(known) > before:
        write_json(path, known)
    return known
