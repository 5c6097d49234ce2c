"""Data that fits in memory, served as whole batches: one indexing operation a batch, not one call an example."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from shared.seeding import generator

Batch = Mapping[str, Tensor]


class TensorBatches(Dataset[Batch]):
    """Tensors of equal first dimension N, indexed a whole batch at a time."""

    def __init__(self, tensors: Batch, augment: Callable[[Batch], Batch] | None = None) -> None:
        """Hold the tensors; `augment` maps a batch to a changed one and draws from PyTorch's global random state."""
        self.tensors = tensors
        self.augment = augment

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitems__(self, indices: list[int]) -> Batch:
        """The batch at `indices`; PyTorch's loader calls this in place of one `__getitem__` an example."""
        chosen = torch.tensor(indices)
        batch = {name: tensor[chosen] for name, tensor in self.tensors.items()}
        return self.augment(batch) if self.augment else batch


def fitting_batch_size(examples: int, wanted: int) -> int:
    """The wanted batch size, or a smaller one where an epoch would have less than 20 steps (but 16 at least).

    A few hundred examples in batches of 256 would give two or three steps an epoch, and nothing would be learnt.
    """
    return min(wanted, max(16, examples // 20), examples)


def as_is(batch: Any) -> Any:
    """Collate nothing: the data set already made the batch."""
    return batch


def batch_loader(dataset: TensorBatches, batch_size: int, *, shuffle: bool, seed: int) -> DataLoader[Batch]:
    """A loader of whole batches.

    A shuffled loader leaves out the last batch when it is short, because a batch of one or two examples makes
    batch norm's statistics useless. Its order comes from `seed` alone, never from the global random state.
    """
    return DataLoader(
        dataset,
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=shuffle,
        collate_fn=as_is,
        generator=generator(seed),
    )
