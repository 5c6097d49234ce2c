"""Which examples make up which batch: a function of the seed and the epoch alone.

Because nothing else decides the order, a run can be taken up again in mid-epoch, and several processes can share one
batch without talking about it.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Sampler

from shared.seeding import generator


def fitting_batch_size(examples: int, wanted: int) -> int:
    """The wanted batch size, or a smaller one where an epoch would have less than 20 steps (but 16 at least).

    A few hundred examples in batches of 256 would give two or three steps an epoch, and nothing would be learned.
    """
    return min(wanted, max(16, examples // 20), examples)


@dataclass(frozen=True)
class Share:
    """Which part of every batch belongs to this process, where several train together."""

    process: int = 0
    processes: int = 1

    def of(self, indices: list[int]) -> list[int]:
        """This process's part of a batch; the parts of all processes are disjoint, and together the whole batch."""
        return indices[self.process :: self.processes]


class ShuffledBatches(Sampler[list[int]]):
    """A new order each epoch, in whole batches.

    The examples left over at the end of an epoch are left out of it: a batch of one or two would make the statistics
    of batch norm useless. Another order leaves out others.
    """

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        self.start = 0
        """The first batch to give, above 0 when an epoch is taken up again in its middle."""
        self.share = Share()

    def __len__(self) -> int:
        """The batches of a whole epoch, wherever it starts."""
        return self.examples // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        order = self.order(generator(self.seed, self.epoch))
        for index in range(self.start, len(self)):
            yield self.share.of(order[index * self.batch_size : (index + 1) * self.batch_size].tolist())

    def order(self, source: torch.Generator) -> Tensor:
        """The order of the examples in one epoch, int64; batches are cut from it one after the other."""
        return torch.randperm(self.examples, generator=source)


POOL_BATCHES = 40
"""Batches of similar length are found among so many: enough to pad little, few enough to stay random."""


class BucketedBatches(ShuffledBatches):
    """A new order each epoch, in which the examples of one batch are of similar length, so that little is padding."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        super().__init__(len(lengths), batch_size, seed)
        self.lengths = torch.as_tensor(lengths)

    def order(self, source: torch.Generator) -> Tensor:
        """Shuffled; then sorted by length within pools of `POOL_BATCHES` batches; then the batches shuffled."""
        shuffled = super().order(source)[: len(self) * self.batch_size]
        pools = torch.split(shuffled, POOL_BATCHES * self.batch_size)
        by_length = torch.cat([pool[self.lengths[pool].argsort(stable=True)] for pool in pools])
        batches = by_length.view(len(self), self.batch_size)
        return batches[torch.randperm(len(self), generator=source)].flatten()


class OrderedBatches(Sampler[list[int]]):
    """Every example once, in order; the last batch may be short.

    Where several processes share each batch and the last one has too few examples for all of them, it is joined to the
    one before: processes that compute a sharded network together must all have a share.
    """

    def __init__(self, examples: int, batch_size: int) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.share = Share()

    def __len__(self) -> int:
        return len(self._starts())

    def __iter__(self) -> Iterator[list[int]]:
        for start, end in itertools.pairwise([*self._starts(), self.examples]):
            indices = self.share.of(list(range(start, end)))
            if indices:  # fewer examples than processes
                yield indices

    def _starts(self) -> list[int]:
        starts = list(range(0, self.examples, self.batch_size))
        if len(starts) > 1 and self.examples - starts[-1] < self.share.processes:
            starts.pop()
        return starts
