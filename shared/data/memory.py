"""Data sets served as whole batches: one indexing operation per batch in place of one call per example."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from shared.data.batches import BucketedBatches, OrderedBatches, ShuffledBatches
from shared.seeding import generator

Batch = Mapping[str, Tensor]
Augmentation = Callable[[Batch, Generator], Batch]
"""Changes a batch at random; all randomness comes from the given generator."""


class BatchDataset(Dataset[Batch]):
    """Examples indexed a whole batch at a time; a subclass defines `__len__` and `batch`."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        raise NotImplementedError

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """The examples at `indices` as tensors of equal first dimension; randomness comes from `source` only."""
        raise NotImplementedError

    def __getitems__(self, indices: list[int]) -> Batch:
        """The batch at `indices`; PyTorch's loader calls this in place of `__getitem__` for each example.

        The seed, the epoch and the first index decide its randomness, so the batch is the same whichever worker makes
        it, and in a resumed run.
        """
        return self.batch(indices, generator(self.seed, self.epoch, indices[0]))


class TensorBatches(BatchDataset):
    """Tensors of equal first dimension N, augmented as they are served."""

    def __init__(self, tensors: Batch, augment: Augmentation | None = None, seed: int = 0) -> None:
        super().__init__(seed)
        self.tensors = tensors
        self.augment = augment

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """The examples at `indices`."""
        chosen = torch.tensor(indices)  # [B]
        batch = {name: tensor[chosen] for name, tensor in self.tensors.items()}  # [N, ...] -> [B, ...]
        return batch if self.augment is None else self.augment(batch, source)


def shuffled_loader(
    dataset: BatchDataset, batch_size: int, workers: int = 0, lengths: Sequence[int] | None = None
) -> DataLoader[Batch]:
    """A loader for training: whole batches in a new order each epoch; with `lengths`, of similar lengths."""
    if lengths is None:
        return _loader(dataset, ShuffledBatches(len(dataset), batch_size, dataset.seed), workers)
    return _loader(dataset, BucketedBatches(lengths, batch_size, dataset.seed), workers)


def ordered_loader(dataset: BatchDataset, batch_size: int = 1024) -> DataLoader[Batch]:
    """A loader for validation and test: every example once, in order."""
    return _loader(dataset, OrderedBatches(len(dataset), batch_size))


def _loader(dataset: BatchDataset, batches: ShuffledBatches | OrderedBatches, workers: int = 0) -> DataLoader[Batch]:
    # Without a generator, each pass over the loader would draw a number from the global random state.
    # The data set has made the batch, so that nothing is left to collate: `dict` keeps its tensors.
    return DataLoader(dataset, batch_sampler=batches, collate_fn=dict, num_workers=workers, generator=generator(0))
