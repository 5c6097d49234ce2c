"""Answers to exercise 25: a right one in another style, and edits of the solution that make it wrong."""

from collections.abc import Callable

import torch
from torch import nn

Train, Measure = Callable[[nn.Module], None], Callable[[nn.Module], float]


def fit__right_counts_bad_epochs(network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int) -> int:
    losses: list[float] = []
    bad, best = 0, [parameter.detach().clone() for parameter in network.parameters()]
    for _ in range(epochs):
        train(network)
        losses.append(measure(network))
        bad = bad + 1 if losses[-1] > min(losses) or losses[-1] in losses[:-1] else 0
        if bad == 0:
            best = [parameter.detach().clone() for parameter in network.parameters()]
        if bad == patience:
            break
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), best, strict=True):
            parameter.copy_(value)
    return len(losses)


MISTAKES = {
    "weights without a copy": ("copy.deepcopy(network.state_dict())  #", "network.state_dict()  #"),
    "weights of the last epoch": ("    network.load_state_dict(best_weights)\n", ""),
    "equal is better": ("loss < best_loss", "loss <= best_loss"),
    "compared with the epoch before": ("    network.load_state", "        best_loss = loss\n    network.load_state"),
    "one epoch too many": ("< patience", "<= patience"),
    "bad epochs in all": ("best_epoch = loss, epoch", "best_epoch = loss, best_epoch + 1"),
    "restored only when stopped": (
        "    network.load_state_dict",
        "    if epoch - best_epoch == patience:\n        network.load_state_dict",
    ),
    "returns the best epoch": ("return epoch", "return best_epoch"),
    "shallow copy": ("copy.deepcopy(network.state_dict())  #", "dict(network.state_dict())  #"),
}
