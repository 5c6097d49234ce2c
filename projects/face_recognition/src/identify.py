"""Say who of the gallery is in photos."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.images import collect_images
from src.config import Config, GalleryConfig
from src.decision import Decision, load_decision
from src.gallery import Gallery
from src.recognizer import Photo, Recognizer
from src.search import Match, Search


@dataclass(frozen=True)
class Identity:
    """Who a face may be."""

    label: str
    """A name, `can't tell` or `unknown`."""
    nearest: list[Match]
    """The most similar people, also where the label is `unknown`."""


class Identifier:
    """A gallery and the thresholds to search it with; the gallery is read again when another process changes it."""

    def __init__(self, gallery: Gallery, settings: GalleryConfig, decision: Decision) -> None:
        self._gallery = gallery
        self._settings = settings
        self._decision = decision
        self._read()

    def identify(self, embedding: np.ndarray) -> Identity:
        """Who this face, by its embedding, may be."""
        if self._version != self._gallery.version:
            self._read()
        nearest = self._search.nearest(embedding)
        if not nearest:
            return Identity("unknown", [])
        answer = self._decision.answer(nearest[0].similarity)
        names = {"same": nearest[0].name, "can't tell": "can't tell", "different": "unknown"}
        return Identity(names[answer], nearest)

    def _read(self) -> None:
        self._version = self._gallery.version
        names, embeddings = self._gallery.embeddings(self._decision.embedder)
        self.people = len(set(names))
        self._search = Search(names, embeddings, self._settings.approximate_above)


def identify(config: Config, photos: list[Path]) -> list[dict[str, Any]]:
    """Say who of the gallery is in each photo; every face gets an answer, which may be `unknown`.

    Args:
        photos: image files, or folders of them
    """
    files = collect_images(photos)
    recognizer = Recognizer(config)
    decision = load_decision(config.output_dir, recognizer.embedder)
    with Gallery(config.gallery.file) as gallery:
        others = gallery.count_others(recognizer.embedder)
        if others:
            log.warning(f"{others} photos of the gallery were enrolled with another embedder and cannot be compared.")
        identifier = Identifier(gallery, config.gallery, decision)
        log.info(f"identify: {identifier.people} people in the gallery; thresholds {decision.origin}")
        rows = []
        for file, photo in zip(files, recognizer.photos(files), strict=True):
            rows += answers_of(str(file), photo, identifier)
    for row in rows:
        log.info(f"{row['file']}: {row['prediction']}{_shown(row['nearest'])}")
    return rows


def answers_of(name: str, photo: Photo, identifier: Identifier) -> list[dict[str, Any]]:
    """One row a face, or one that says why there is none, as plain types."""
    if photo.status != "faces":
        return [{"file": name, "prediction": photo.status, "nearest": [], "detail": photo.detail}]
    rows = []
    for face, embedding in zip(photo.faces, photo.embeddings, strict=True):
        found = identifier.identify(embedding)
        rows.append(
            {
                "file": name,
                "prediction": found.label,
                "box": [round(float(value), 1) for value in face.box],
                "nearest": [{"name": match.name, "similarity": match.similarity} for match in found.nearest],
            }
        )
    return rows


def _shown(nearest: list[dict[str, Any]]) -> str:
    return "".join(f"; {match['name']} {match['similarity']:.3f}" for match in nearest)
