"""Say who of the gallery is in photos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np

from shared.console import log
from shared.data.skipped import collect_files
from src.config import Config, GalleryConfig
from src.decision import Decision
from src.gallery import Gallery
from src.recognizer import Photo, Recognizer

CANDIDATES = 64
"""Photos that a search of the index gives."""
PROBED = 32
"""Cells of the approximate index that are searched: those nearest to the face."""


class Match(NamedTuple):
    """A person, and how alike the face and the person's most similar photo are (see `src.pairs.similarity`)."""

    name: str
    similarity: float


class Search:
    """All photos of a gallery in memory: compared one by one, or by an approximate index where there are very many."""

    def __init__(self, names: Sequence[str], embeddings: np.ndarray, approximate_above: int) -> None:
        """Take the photos' names and embeddings, float32 [N, D]."""
        self._names = names
        self.exact = len(names) <= approximate_above
        # The approximate index is an inverted file; its cells are four times the root of the number of photos.
        kind = "Flat" if self.exact else f"IVF{int(4 * len(names) ** 0.5)},Flat"
        self._index = faiss.index_factory(embeddings.shape[1], kind, faiss.METRIC_L2)
        self._index.train(embeddings)
        self._index.add(embeddings)
        if not self.exact:
            self._index.nprobe = PROBED

    def nearest(self, embedding: np.ndarray, count: int = 3) -> list[Match]:
        """The nearest people, each by the best photo, the nearest first."""
        best: dict[str, float] = {}
        if self._names:
            (squares,), (rows,) = self._index.search(embedding[None], min(CANDIDATES, len(self._names)))
            for square, row in zip(squares[rows >= 0], rows[rows >= 0], strict=True):
                best.setdefault(self._names[row], 1 - float(square) / 2)
        return [Match(*one) for one in list(best.items())[:count]]


class Identifier:
    """A gallery and the thresholds to search it with; the gallery is read again when another process changes it."""

    def __init__(self, gallery: Gallery, settings: GalleryConfig, decision: Decision) -> None:
        self._gallery, self._settings, self._decision = gallery, settings, decision
        self._version: tuple[int, int] | None = None

    def identify(self, embedding: np.ndarray) -> tuple[str, list[Match]]:
        """Who this face may be: a name, `can't tell` or `unknown`; and the most similar people, also of the unknown."""
        if self._version != self._gallery.version:
            self._version = self._gallery.version
            people = self._gallery.embeddings(self._decision.embedder)
            self._search = Search(*people, self._settings.approximate_above)
        nearest = self._search.nearest(embedding)
        if not nearest:
            return "unknown", []
        names = {"same": nearest[0].name, "can't tell": "can't tell", "different": "unknown"}
        return names[self._decision.decide(nearest[0].similarity)], nearest

    def identify_faces(self, photo: Photo) -> list[dict[str, Any]]:
        """Who each face of a photo may be, as plain types."""
        rows = []
        for face, embedding in zip(photo.faces, photo.embeddings, strict=True):
            prediction, nearest = self.identify(embedding)
            box = [round(float(value), 1) for value in face.box]
            rows.append({"prediction": prediction, "box": box, "nearest": [match._asdict() for match in nearest]})
        return rows


def identify(config: Config, photos: list[Path]) -> list[dict[str, Any]]:
    """Say who of the gallery is in each photo; every face gets a prediction, which may be `unknown`.

    Args:
        photos: image files, or folders of them
    """
    files, _ = collect_files(photos)
    recognizer = Recognizer(config)
    rows: list[dict[str, Any]] = []
    with Gallery(config.gallery.file) as gallery:
        if others := gallery.count_others(recognizer.embedder):
            log.warning(f"{others} photos of the gallery were enrolled with another embedder and cannot be compared.")
        log.info(f"identify: {len(gallery.people())} people in the gallery; thresholds {recognizer.decision.origin}")
        identifier = Identifier(gallery, config.gallery, recognizer.decision)
        for file, photo in zip(files, recognizer.photos(files), strict=True):
            nobody = [{"prediction": photo.status, "nearest": [], "detail": photo.detail}]
            rows += [{"file": str(file)} | row for row in identifier.identify_faces(photo) or nobody]
    for row in rows:
        nearest = "".join(f"; {match['name']} {match['similarity']:.3f}" for match in row["nearest"])
        log.info(f"{row['file']}: {row['prediction']}{nearest}")
    return rows
