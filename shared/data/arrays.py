"""A column of arrays of different shapes, such as images with their masks: in memory, or decoded on demand."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shared.data.folders import read_again


class Arrays(Sequence[np.ndarray]):
    """N arrays of any shapes; what is decoded on demand is decoded each time that it is indexed."""

    def __init__(
        self,
        items: Sequence[Any],
        digests: Sequence[bytes] | None = None,
        read: Callable[[Any], np.ndarray] | None = None,
    ) -> None:
        """Hold arrays, or what `read` makes arrays of.

        Args:
            digests: of each array, something that is another for other content; None: the SHA-256 of its bytes.
        """
        self._items, self._read = items, read
        self.digests = [hashlib.sha256(item.tobytes()).digest() for item in items] if digests is None else [*digests]

    @property
    def on_demand(self) -> bool:
        """Whether reading takes decoding, which several processes do faster."""
        return self._read is not None

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        item = self._items[index]
        return item if self._read is None else read_again(self._read, item)

    def at(self, indices: Sequence[int] | np.ndarray) -> "Arrays":
        """The arrays at these indices; nothing is read."""
        return Arrays([self._items[one] for one in indices], [self.digests[one] for one in indices], self._read)

    def joined(self, others: Sequence["Arrays"]) -> "Arrays":
        """These arrays, and then those of others that are read in the same way."""
        items = [item for one in (self, *others) for item in one._items]
        return Arrays(items, [digest for one in (self, *others) for digest in one.digests], self._read)
