"""The nearest people to a face: exactly, or with an approximate index where there are very many."""

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

CANDIDATES = 64
"""Photos that the approximate index gives; they are then compared exactly."""
PROBED = 32
"""Cells of the index that are looked into: those nearest to the face."""


@dataclass(frozen=True)
class Match:
    """A person, and how alike the face and the person's most similar photo are (see `src.pairs.similarity`)."""

    name: str
    similarity: float


class Search:
    """All photos of a gallery in memory."""

    def __init__(self, names: Sequence[str], embeddings: np.ndarray, approximate_above: int) -> None:
        """Take the photos' names and embeddings, float32 [N, D]."""
        self._names = list(names)
        self._embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
        self._half_squares = (self._embeddings**2).sum(1) / 2
        self.exact = len(self._names) <= approximate_above
        if not self.exact:
            # An inverted file, with as many cells as four times the root of the number of photos.
            cells = int(4 * len(self._names) ** 0.5)
            self._index = faiss.index_factory(embeddings.shape[1], f"IVF{cells},Flat", faiss.METRIC_L2)
            self._index.train(self._embeddings)
            self._index.add(self._embeddings)
            self._index.nprobe = PROBED

    def nearest(self, embedding: np.ndarray, count: int = 3) -> list[Match]:
        """The nearest people, each by the best photo, the nearest first."""
        if not self._names:
            return []
        if self.exact:
            rows = np.arange(len(self._names))
            products = self._embeddings @ embedding
        else:
            found = self._index.search(embedding[None], CANDIDATES)[1][0]
            rows = found[found >= 0]
            products = self._embeddings[rows] @ embedding
        # 1 - d² / 2, without making the differences.
        similarities = 1 + products - self._half_squares[rows] - (embedding**2).sum() / 2
        most = min(len(rows), CANDIDATES)
        places = np.argpartition(-similarities, most - 1)[:most]  # sorting all of them would take longer
        best: dict[str, float] = {}
        for place in places[np.argsort(-similarities[places], kind="stable")]:
            best.setdefault(self._names[rows[place]], float(similarities[place]))
        return [Match(name, similarity) for name, similarity in list(best.items())[:count]]
