"""Data that fits in memory, served as whole batches: one indexing operation a batch, not one call an example."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from shared.data.batches import OrderedBatches, ShuffledBatches
from shared.seeding import generator

Batch = Mapping[str, Tensor]
Augmentation = Callable[[Batch, Generator], Batch]
"""Changes a batch at random, drawing from the given generator only."""


class TensorBatches(Dataset[Batch]):
    """Tensors of equal first dimension N, indexed a whole batch at a time."""

    def __init__(self, tensors: Batch, augment: Augmentation | None = None, seed: int = 0) -> None:
        self.tensors = tensors
        self.augment = augment
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitems__(self, indices: list[int]) -> Batch:
        """The batch at `indices`; PyTorch's loader calls this in place of one `__getitem__` an example.

        Its augmentation follows from the seed, the epoch and its first example, so it does not matter which worker
        makes it, nor what was made before.
        """
        chosen = torch.tensor(indices)
        batch = {name: tensor[chosen] for name, tensor in self.tensors.items()}
        if self.augment is None:
            return batch
        return self.augment(batch, generator(self.seed, self.epoch, indices[0]))


def shuffled_loader(
    tensors: Batch, batch_size: int, seed: int, augment: Augmentation | None = None, workers: int = 0
) -> DataLoader[Batch]:
    """A loader for training: whole batches in an order of each epoch's own; `workers` processes prepare them."""
    dataset = TensorBatches(tensors, augment, seed)
    return _loader(dataset, ShuffledBatches(len(dataset), batch_size, seed), workers)


def ordered_loader(tensors: Batch, batch_size: int = 1024) -> DataLoader[Batch]:
    """A loader for validation and test: every example once, as it is."""
    dataset = TensorBatches(tensors)
    return _loader(dataset, OrderedBatches(len(dataset), batch_size))


def _loader(dataset: TensorBatches, batches: ShuffledBatches | OrderedBatches, workers: int = 0) -> DataLoader[Batch]:
    # A generator of its own: without one, each pass over a loader draws a number from the global random state.
    return DataLoader(dataset, batch_sampler=batches, collate_fn=_as_is, num_workers=workers, generator=generator(0))


def _as_is(batch: Any) -> Any:
    """Collate nothing: the data set already made the batch."""
    return batch
