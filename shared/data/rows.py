"""A column of examples of one shape that is not in memory: rows are read, or decoded, when they are asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.data.folders import Decoded, read_again


class FileArray:
    """Files below a folder as an array [S, ...] whose rows are decoded each time that they are indexed."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        read: Callable[[Path], Decoded],
        row: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self.root, self.names, self.read, self.dtype = root, names, read, dtype
        self.shape = (len(names), *row)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """The decoded files at these indices, [M, ...].

        Raises:
            UserError: a file that could be read when the data was prepared cannot be read any more.
        """
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows):
            found[place] = read_again(self.read, self.root / self.names[row]).values
        return found


@dataclass(frozen=True, eq=False)
class Rows:
    """N examples of an array that is memory-mapped or decoded on demand; indexed as a tensor, it gives tensors."""

    source: np.ndarray | FileArray
    """[S, ...]."""
    folder: Path
    """Where they were prepared; what is computed from all of them can be kept there."""
    source_digests: np.ndarray
    """The SHA-256 of all S rows, uint8 [S, 32]."""
    source_measures: Mapping[str, np.ndarray]
    """What else is known of them, such as the `width` of their files, int64 [S]."""
    index: np.ndarray
    """Which rows, in which order, int64 [N]."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of a tensor, (N, ...)."""
        return (len(self), *self.source.shape[1:])

    @property
    def on_demand(self) -> bool:
        """Whether reading takes decoding, which several processes do faster."""
        return isinstance(self.source, FileArray)

    @property
    def digests(self) -> list[bytes]:
        """The SHA-256 of each example."""
        return [digest.tobytes() for digest in self.source_digests[self.index]]

    @property
    def measures(self) -> list[dict[str, int]]:
        """What else is known of each example."""
        values = {name: measure[self.index].tolist() for name, measure in self.source_measures.items()}
        return [{name: column[place] for name, column in values.items()} for place in range(len(self))]

    def at(self, indices: Sequence[int] | np.ndarray) -> "Rows":
        """The rows at these indices; nothing is read."""
        return replace(self, index=self.index[np.asarray(indices, dtype=np.int64)])

    def joined(self, others: Sequence["Rows"]) -> "Rows":
        """These rows, and then those of others of the same array."""
        return replace(self, index=np.concatenate([self.index, *(other.index for other in others)]))

    def __getitem__(self, chosen: int | slice | Sequence[int] | np.ndarray | Tensor) -> Tensor:
        """A copy of these rows, [M, ...], or of one row, [...]."""
        if not isinstance(chosen, slice):
            chosen = np.asarray(chosen)
            chosen = chosen if chosen.size else chosen.astype(np.int64)
        rows = self.index[chosen]
        found = torch.from_numpy(self.source[np.atleast_1d(rows)])
        return found if np.ndim(rows) else found[0]
