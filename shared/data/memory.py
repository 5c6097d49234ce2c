"""Data sets served as whole batches: one indexing operation per batch in place of one call per example."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from shared.data.batches import BatchIndices, BucketedBatches, OrderedBatches, ShuffledBatches
from shared.data.rows import Rows
from shared.process import own_cores
from shared.seeding import generator

Batch = Mapping[str, Tensor]
Augmentation = Callable[[Batch, Generator], Batch]
"""Changes a batch at random; all randomness comes from the given generator."""


class BatchDataset(Dataset[Batch]):
    """Examples indexed a whole batch at a time; a subclass defines `__len__` and `batch`."""

    on_demand = False
    """Whether making a batch takes decoding, which several processes do faster."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def __len__(self) -> int:
        raise NotImplementedError

    def batch(self, indices: list[int], source: Generator) -> Batch:
        """The examples at `indices` as tensors of equal first dimension; randomness comes from `source` only."""
        raise NotImplementedError

    def __getitems__(self, indices: BatchIndices) -> Batch:
        """The batch at `indices`; PyTorch's loader calls this in place of `__getitem__` for each example.

        The seed, the epoch and the first index decide its randomness, so the batch is the same whichever worker makes
        it, and in a resumed run.
        """
        return self.batch(indices, generator(self.seed, indices.epoch, indices[0]))


class TensorBatches(BatchDataset):
    """Tensors or `Rows` of equal first dimension N, augmented as they are served."""

    def __init__(
        self, tensors: Mapping[str, Tensor | Rows], augment: Augmentation | None = None, seed: int = 0
    ) -> None:
        super().__init__(seed)
        self.tensors = tensors
        self.augment = augment
        self.on_demand = any(isinstance(values, Rows) and values.on_demand for values in tensors.values())

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


def ordered_loader(dataset: BatchDataset, batch_size: int = 1024, workers: int = 0) -> DataLoader[Batch]:
    """A loader for validation and test: every example once, in order."""
    return _loader(dataset, OrderedBatches(len(dataset), batch_size), workers)


def _unchanged(batch: Any) -> Any:
    return batch


def in_batches(values: Any, size: int, change: Callable[[Any], Any] = _unchanged) -> Iterator[Any]:
    """A column of N examples in parts of `size`, in order, each changed by a function of a module.

    Where the examples are not in memory, other processes decode and change them.
    """
    if isinstance(values, Rows) and values.on_demand:
        dataset = TensorBatches({"values": values}, partial(_changed, change))
        yield from (batch["values"] for batch in ordered_loader(dataset, size))
    else:
        yield from (change(values[start : start + size]) for start in range(0, len(values), size))


def _changed(change: Callable[[Any], Any], batch: Batch, _: Generator) -> Batch:
    return {"values": change(batch["values"])}


def _loader(dataset: BatchDataset, batches: ShuffledBatches | OrderedBatches, workers: int) -> DataLoader[Batch]:
    workers = workers or (own_cores() if dataset.on_demand else 0)
    return DataLoader(
        dataset,
        batch_sampler=batches,
        # The data set has made the batch, so that nothing is left to collate: `dict` keeps its tensors.
        collate_fn=dict,
        num_workers=workers,
        # Starting a process takes longer than many a batch, so they stay from one epoch to the next.
        persistent_workers=workers > 0,
        # A GPU fetches pinned memory by itself while the processor goes on.
        pin_memory=torch.cuda.is_available(),
        # Without a generator, each pass over the loader would draw a number from the global random state.
        generator=generator(0),
    )
