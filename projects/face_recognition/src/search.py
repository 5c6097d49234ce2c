"""Search a gallery: whose embeddings are nearest to a face, and whether they are near enough."""

from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np

from src.config import GalleryConfig
from src.decision import Decision
from src.gallery import Gallery
from src.recognizer import Photo

CANDIDATES = 64
"""Embeddings that a search of the index gives; several may be of one person."""
PROBES = 32
"""Cells of the approximate index that are searched: those nearest to the face."""


class Search:
    """Embeddings in memory: compared one by one, or by an approximate index where there are very many."""

    def __init__(self, names: Sequence[str], embeddings: np.ndarray, approximate_above: int) -> None:
        """Take the embeddings, float32 [N, D], and whose they are."""
        self._names = names
        self.exact = len(names) <= approximate_above
        # The approximate index is an inverted file; its cells are four times the root of the number of embeddings.
        kind = "Flat" if self.exact else f"IVF{int(4 * len(names) ** 0.5)},Flat"
        self._index = faiss.index_factory(embeddings.shape[1], kind, faiss.METRIC_L2)
        self._index.train(embeddings)
        self._index.add(embeddings)
        if not self.exact:
            self._index.nprobe = PROBES

    def nearest(self, embedding: np.ndarray, count: int = 3) -> list[dict[str, Any]]:
        """The nearest people, each with `name` and the `similarity` of the best photo (see `src.pairs.similarity`)."""
        best: dict[str, float] = {}
        if self._names:
            (squares,), (rows,) = self._index.search(embedding[None], min(CANDIDATES, len(self._names)))
            for square, row in zip(squares[rows >= 0], rows[rows >= 0], strict=True):
                best.setdefault(self._names[row], 1 - float(square) / 2)
        return [{"name": name, "similarity": alike} for name, alike in list(best.items())[:count]]


class Identifier:
    """A gallery and the thresholds to search it with; the gallery is read again when another process changes it."""

    def __init__(self, gallery: Gallery, settings: GalleryConfig, decision: Decision) -> None:
        self._gallery, self._settings, self._decision = gallery, settings, decision
        self._version: tuple[int, int] | None = None

    def identify(self, embedding: np.ndarray) -> tuple[str, list[dict[str, Any]]]:
        """Who this face may be: a name, `can't tell` or `unknown`; and the most similar people, also of the unknown."""
        if self._version != self._gallery.version:
            self._version = self._gallery.version
            people = self._gallery.embeddings(self._decision.embedder)
            self._search = Search(*people, self._settings.approximate_above)
        nearest = self._search.nearest(embedding)
        if not nearest:
            return "unknown", []
        names = {"same": nearest[0]["name"], "can't tell": "can't tell", "different": "unknown"}
        return names[self._decision.decide(nearest[0]["similarity"])], nearest

    def identify_faces(self, photo: Photo) -> list[dict[str, Any]]:
        """Who each face of a photo may be, as plain types."""
        rows = []
        for face, (prediction, nearest) in zip(photo.faces, map(self.identify, photo.embeddings), strict=True):
            box = [round(float(value), 1) for value in face.box]
            rows.append({"prediction": prediction, "box": box, "nearest": nearest})
        return rows
