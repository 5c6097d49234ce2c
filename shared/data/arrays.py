"""A column of arrays of different shapes, such as images with their masks: in memory, or decoded on demand."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from torch.utils.data import DataLoader, Dataset

from shared.console import track
from shared.data.folders import UnreadableFileError
from shared.data.prepared import PARALLEL_FILES
from shared.errors import UserError
from shared.process import cores
from shared.seeding import generator

T = TypeVar("T")
R = TypeVar("R")


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
        try:
            return item if self._read is None else self._read(item)
        except UnreadableFileError as error:
            raise UserError(
                f"{item} was readable when the command began and is not any more ({error}); put it back, or run the "
                "command again."
            ) from error

    def at(self, indices: Sequence[int] | np.ndarray) -> "Arrays":
        """The arrays at these indices; nothing is read."""
        return Arrays([self._items[one] for one in indices], [self.digests[one] for one in indices], self._read)

    def joined(self, others: Sequence["Arrays"]) -> "Arrays":
        """These arrays, and then those of others that are read in the same way."""
        items = [item for one in (self, *others) for item in one._items]
        return Arrays(items, [digest for one in (self, *others) for digest in one.digests], self._read)


def in_workers(function: Callable[[T], R], items: Sequence[T], title: str) -> Iterator[R]:
    """What a function of a module makes of each item, in their order; of many items, by several processes."""
    workers = cores() if len(items) >= PARALLEL_FILES else 0
    # The generator keeps the loader from drawing a number from the global random state.
    calls = DataLoader(
        _Calls(function, items), batch_size=None, collate_fn=_same, num_workers=workers, generator=generator(0)
    )
    yield from track(calls, title, total=len(items))


class _Calls(Dataset[Any]):
    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self.function, self.items = function, items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.function(self.items[index])


def _same(result: R) -> R:
    return result
