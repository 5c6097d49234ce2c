"""The metrics of training: counted batch by batch on the device, summed over the processes of a run.

In plain PyTorch, because these scores follow from a few sums and the import of torchmetrics takes seconds.
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, distributed


class Metrics(Protocol):
    """What the training loop measures on the validation split."""

    def reset(self, device: torch.device | str = "cpu") -> None:
        """Start again from zero, with counts on the device of the logits."""

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add a batch: the logits and targets that the step returns."""

    def compute(self) -> dict[str, float]:
        """The scores over all batches of all processes; every process has to call it."""


class ConfusionMetrics:
    """Scores that follow from one confusion matrix, which takes C x C numbers however many examples there are."""

    def __init__(
        self, num_classes: int, scores: Callable[[Tensor], dict[str, float]], ignore: int | None = None
    ) -> None:
        """`scores` maps counts, int64 [C, C] on the CPU, to scores by name; targets equal to `ignore` are left out."""
        self.num_classes, self.scores, self.ignore = num_classes, scores, ignore
        self.reset()

    def reset(self, device: torch.device | str = "cpu") -> None:
        """See `Metrics`."""
        self.counts = torch.zeros(self.num_classes, self.num_classes, dtype=torch.int64, device=device)

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add a batch: logits, float [N, C, ...], and class ids, int64 [N, ...]."""
        self.counts += confusion(logits.argmax(1), targets, self.num_classes, self.ignore)

    def compute(self) -> dict[str, float]:
        """See `Metrics`."""
        return self.scores(sum_over_processes(self.counts).cpu())


class GatheredMetrics:
    """Scores that do not follow from sums over batches: what the step returns is kept, and gathered at the end."""

    def __init__(self, scores: Callable[[Tensor, Tensor], dict[str, float]]) -> None:
        """`scores` maps the logits (or embeddings) and targets of all N examples to scores by name."""
        self.scores = scores
        self.reset()

    def reset(self, device: torch.device | str = "cpu") -> None:
        """See `Metrics`."""
        self.device = device
        self.batches: list[tuple[Tensor, Tensor]] = []

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add a batch, both [N, ...]."""
        self.batches.append((logits.detach(), targets))

    def compute(self) -> dict[str, float]:
        """See `Metrics`."""
        # Through the CPU: a tensor from another process's GPU would come back onto that GPU.
        batches = join_over_processes([(logits.cpu(), targets.cpu()) for logits, targets in self.batches])
        return self.scores(*(torch.cat(parts).to(self.device) for parts in zip(*batches, strict=True)))


def confusion(predictions: Tensor, truth: Tensor, num_classes: int, ignore: int | None = None) -> Tensor:
    """Count pairs of class ids, both int64 of the same shape, in int64 [C, C]: rows are the truth.

    Raises:
        RuntimeError: an id is below 0, or a true one is `num_classes` or above.
    """
    if ignore is not None:
        kept = truth != ignore
        predictions, truth = predictions[kept], truth[kept]
    cells = truth.flatten() * num_classes + predictions.flatten()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def _several_processes() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of each process's tensor; in a run of one process, the tensor itself."""
    if _several_processes():
        values = values.clone()
        distributed.all_reduce(values)
    return values


def join_over_processes(items: list[Any]) -> list[Any]:
    """The lists of all processes, one after the other; they may differ in length."""
    if not _several_processes():
        return items
    lists: list[list[Any]] = [[] for _ in range(distributed.get_world_size())]
    distributed.all_gather_object(lists, items)
    return [item for part in lists for item in part]
