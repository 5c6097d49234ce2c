"""Which examples make up which batch: a function of the seed and the epoch alone.

Because nothing else decides the order, a run can resume in the middle of an epoch, and several processes can share one
batch without messages.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Sampler

from shared.seeding import generator


def fitting_batch_size(examples: int, wanted: int) -> int:
    """The wanted batch size, or a smaller one where an epoch would have fewer than 20 steps (but at least 16 examples).

    A few hundred examples in batches of 256 give two or three steps an epoch, too few to learn from.
    """
    # Below 16, batch norm's mean and variance are of too few examples (Wu & He 2018, "Group Normalization", figure 1).
    return min(wanted, max(16, examples // 20), examples)


class BatchIndices(list[int]):
    """The indices of a batch, and its epoch, which worker processes that live for several epochs learn only here."""

    def __init__(self, indices: Iterable[int], epoch: int = 0) -> None:
        super().__init__(indices)
        self.epoch = epoch


@dataclass(frozen=True)
class Share:
    """The part of every batch that belongs to this process, where several train together."""

    process: int = 0
    processes: int = 1

    def of(self, indices: list[int], epoch: int = 0) -> BatchIndices:
        """This process's part of a batch; the parts of all processes are disjoint and make up the whole batch."""
        # N -> N / processes, every n-th: sizes differ by one at most
        return BatchIndices(indices[self.process :: self.processes], epoch)


class ShuffledBatches(Sampler[list[int]]):
    """A new order each epoch, in whole batches.

    The examples left over at the end are not used in that epoch: in a batch of one or two, the statistics of batch norm
    are useless. The next epoch's order leaves out others.
    """

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        self.start = 0
        """The first batch to yield, above 0 when a run resumes in the middle of an epoch."""
        self.share = Share()

    def __len__(self) -> int:
        """The batches of a whole epoch, wherever it starts."""
        return self.examples // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        # A fresh generator: the order of epoch 7 does not depend on whether this process ran epochs 1 to 6.
        order = self.order(generator(self.seed, self.epoch))  # [examples]
        for index in range(self.start, len(self)):
            yield self.share.of(order[index * self.batch_size : (index + 1) * self.batch_size].tolist(), self.epoch)

    def order(self, source: torch.Generator) -> Tensor:
        """The order of the examples in one epoch, int64 [examples]; batches are cut from it one after the other."""
        return torch.randperm(self.examples, generator=source)


POOL_BATCHES = 40
"""Number of batches whose examples are sorted by length together: more pad less, fewer mix the examples better."""


class BucketedBatches(ShuffledBatches):
    """A new order each epoch in which the examples of a batch have similar lengths: padding costs as much as words."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        super().__init__(len(lengths), batch_size, seed)
        self.lengths = torch.as_tensor(lengths)

    def order(self, source: torch.Generator) -> Tensor:
        """Shuffled; then sorted by length within pools of `POOL_BATCHES` batches; then the batches shuffled."""
        shuffled = super().order(source)[: len(self) * self.batch_size]  # [batches * batch_size]
        pools = torch.split(shuffled, POOL_BATCHES * self.batch_size)
        # stable: examples of equal length stay shuffled, and every platform gives the same order.
        by_length = torch.cat([pool[self.lengths[pool].argsort(stable=True)] for pool in pools])
        batches = by_length.view(len(self), self.batch_size)  # [batches, batch_size]
        # Shuffled again, or the lengths would rise and fall through the epoch and the loss with them.
        return batches[torch.randperm(len(self), generator=source)].flatten()


class OrderedBatches(Sampler[list[int]]):
    """Every example once, in order; the last batch may be smaller.

    Where several processes share each batch and the last batch has too few examples for all, it is joined to the one
    before: processes that compute a sharded network together must all have a share.
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
