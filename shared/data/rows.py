"""A column of examples of one shape that is not in memory: rows are read, or decoded, when they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.data.folders import UnreadableFileError
from shared.errors import UserError

BLOCK_BYTES = 1 << 25
"""What is read at a time where all rows are passed through."""


class FileArray:
    """Files as an array [N, ...] whose rows are decoded each time that they are indexed."""

    def __init__(
        self, files: Sequence[Path], read: Callable[[Path], np.ndarray], row: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.files, self.read, self.dtype = files, read, dtype
        self.shape = (len(files), *row)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """The decoded files at these indices, [M, ...].

        Raises:
            UserError: a file that could be read when the data was prepared cannot be read any more.
        """
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows):
            try:
                found[place] = self.read(self.files[row])
            except UnreadableFileError as error:
                raise UserError(
                    f"{self.files[row]} was readable when the command began and is not any more ({error}); put it "
                    "back, or run the command again, which leaves it out."
                ) from error
        return found


class Rows:
    """N examples of an array that is memory-mapped or decoded on demand; indexed as a tensor, it gives tensors."""

    def __init__(
        self,
        source: np.ndarray | FileArray,
        folder: Path,
        digests: np.ndarray,
        measures: Mapping[str, np.ndarray],
        index: np.ndarray | None = None,
    ) -> None:
        """Hold examples of `source`, [S, ...].

        Args:
            folder: where they were prepared; what is computed from all of them can be kept there.
            digests: the SHA-256 of all S rows, uint8 [S, 32].
            measures: what else is known of them, such as the `width` of their files, int64 [S].
            index: which rows, in which order; all where it is None.
        """
        self.source, self.folder, self._digests, self._measures = source, folder, digests, measures
        self._index = np.arange(source.shape[0]) if index is None else index

    def __len__(self) -> int:
        return len(self._index)

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of a tensor, (N, ...)."""
        return (len(self), *self.source.shape[1:])

    @property
    def on_demand(self) -> bool:
        """Whether reading takes decoding, which several processes do faster."""
        return isinstance(self.source, FileArray)

    @property
    def block(self) -> int:
        """The number of rows to read at a time where all are passed through."""
        row = int(np.prod(self.source.shape[1:])) * self.source.dtype.itemsize
        return min(1024, max(1, BLOCK_BYTES // row))

    @property
    def digests(self) -> list[bytes]:
        """The SHA-256 of each example."""
        return [digest.tobytes() for digest in self._digests[self._index]]

    @property
    def measures(self) -> list[dict[str, int]]:
        """What else is known of each example."""
        values = [measure[self._index].tolist() for measure in self._measures.values()]
        return [dict(zip(self._measures, row, strict=True)) for row in zip(*values, strict=True)] or [{}] * len(self)

    def at(self, indices: Sequence[int] | np.ndarray) -> "Rows":
        """The rows at these indices; nothing is read."""
        index = self._index[np.asarray(indices, dtype=np.int64)]
        return Rows(self.source, self.folder, self._digests, self._measures, index)

    def joined(self, others: Sequence["Rows"]) -> "Rows":
        """These rows, and then those of others of the same array."""
        index = np.concatenate([self._index, *(other._index for other in others)])
        return Rows(self.source, self.folder, self._digests, self._measures, index)

    def __getitem__(self, chosen: int | slice | Sequence[int] | np.ndarray | Tensor) -> Tensor:
        """A copy of these rows, [M, ...], or of one row, [...]."""
        if not isinstance(chosen, slice):
            chosen = np.asarray(chosen)
            chosen = chosen if chosen.size else chosen.astype(np.int64)
        rows = self._index[chosen]
        found = torch.from_numpy(self.source[np.atleast_1d(rows)])
        return found if np.ndim(rows) else found[0]

    def __iter__(self) -> Iterator[Tensor]:
        for start in range(0, len(self), self.block):
            yield from self[start : start + self.block]
