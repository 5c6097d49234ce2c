"""Between the loader and the step: where an epoch goes on, onto the device, in parts, behind a progress bar."""

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from shared.console import progress_bar
from shared.data.batches import ShuffledBatches
from shared.data.memory import Batch, BatchDataset
from shared.training.state import Progress


def remaining_batches(loader: DataLoader[Batch], progress: Progress) -> Iterator[Batch]:
    """The batches of the epoch under way that have not been trained on."""
    batches = loader.batch_sampler
    assert isinstance(batches, ShuffledBatches)
    batches.epoch, batches.start = progress.epoch, progress.batch
    assert isinstance(loader.dataset, BatchDataset)
    loader.dataset.epoch = progress.epoch  # decides the augmentation
    return iter(loader)


def microbatches(batch: Batch, count: int) -> Iterator[tuple[Batch, float]]:
    """Cut a batch into equal parts, so that only one of them is on the device's memory at a time, with their shares."""
    if count == 1:
        yield batch, 1.0
        return
    size = len(next(iter(batch.values())))
    width = -(-size // count)
    for begin in range(0, size, width):
        part = {name: tensor[begin : begin + width] for name, tensor in batch.items()}
        yield part, min(width, size - begin) / size


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch on the device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def with_progress_bar(batches: Iterator[Batch], total: int, progress: Progress) -> Iterator[Batch]:
    """The same batches, shown as they go by."""
    with progress_bar() as bar:
        if bar.disable:  # even then it would count, and lock for it
            yield from batches
            return
        task = bar.add_task(f"epoch {progress.epoch + 1}", total=total, completed=progress.batch)
        for batch in batches:
            yield batch
            bar.advance(task)
