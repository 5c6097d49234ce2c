"""What is measured while training: counted batch by batch on the device, summed over the processes of a run.

Written in plain PyTorch because these scores follow from a few sums, and because the import of a library of metrics
(torchmetrics) takes seconds.
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, distributed


class Metrics(Protocol):
    """What the training loop measures on the validation split."""

    def reset(self, device: torch.device | str = "cpu") -> None:
        """Begin anew, with counts on the device of the logits."""

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Take a batch: what the step gives beside the loss."""

    def compute(self) -> dict[str, float]:
        """The scores over all batches of all processes; every process has to call it."""


class ConfusionMetrics:
    """Scores that follow from one confusion matrix, which takes C x C numbers however many examples there are."""

    def __init__(
        self, num_classes: int, scores: Callable[[Tensor], dict[str, float]], ignore: int | None = None
    ) -> None:
        """Start with nothing counted.

        Args:
            scores: from counts, int64 [C, C] on the CPU, to the scores by name.
            ignore: targets of this value are left out.
        """
        self.num_classes, self.scores, self.ignore = num_classes, scores, ignore
        self.reset()

    def reset(self, device: torch.device | str = "cpu") -> None:
        """See `Metrics`."""
        self.counts = torch.zeros(self.num_classes, self.num_classes, dtype=torch.int64, device=device)

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Take a batch: logits, float [N, C, ...], and class ids, int64 [N, ...]."""
        self.counts += confusion(logits.argmax(1), targets, self.num_classes, self.ignore)

    def compute(self) -> dict[str, float]:
        """See `Metrics`."""
        return self.scores(sum_over_processes(self.counts).cpu())


def confusion(answers: Tensor, truth: Tensor, num_classes: int, ignore: int | None = None) -> Tensor:
    """Count pairs of class ids, both int64 of the same shape: rows are the truth, columns the answers.

    Returns:
        int64 [C, C].

    Raises:
        RuntimeError: an id is below 0, or a true one is `num_classes` or above.
    """
    if ignore is not None:
        kept = truth != ignore
        answers, truth = answers[kept], truth[kept]
    cells = truth.flatten() * num_classes + answers.flatten()
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of each process's tensor; in a run of one process, the tensor itself."""
    if distributed.is_available() and distributed.is_initialized():
        values = values.clone()
        distributed.all_reduce(values)
    return values


def join_over_processes(items: list[Any]) -> list[Any]:
    """The lists of all processes, one after the other; they may differ in length."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return items
    lists: list[list[Any]] = [[] for _ in range(distributed.get_world_size())]
    distributed.all_gather_object(lists, items)
    return [item for part in lists for item in part]
