"""Which examples make up which batch: a function of the seed and the epoch alone.

Because nothing else decides the order, a run can be taken up again in mid-epoch, and several processes can share one
batch without talking about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.data import Sampler

from shared.seeding import generator


def fitting_batch_size(examples: int, wanted: int) -> int:
    """The wanted batch size, or a smaller one where an epoch would have less than 20 steps (but 16 at least).

    A few hundred examples in batches of 256 would give two or three steps an epoch, and nothing would be learnt.
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
        order = torch.randperm(self.examples, generator=generator(self.seed, self.epoch))
        for index in range(self.start, len(self)):
            yield self.share.of(order[index * self.batch_size : (index + 1) * self.batch_size].tolist())


class OrderedBatches(Sampler[list[int]]):
    """Every example once, in order; the last batch may be short."""

    def __init__(self, examples: int, batch_size: int) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.share = Share()

    def __len__(self) -> int:
        return -(-self.examples // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        for start in range(0, self.examples, self.batch_size):
            indices = self.share.of(list(range(start, min(start + self.batch_size, self.examples))))
            if indices:  # the last batch can be too short for every process to have a share
                yield indices
