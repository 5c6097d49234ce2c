"""Exercise 25, solved: the best weights are copied, and the distance to the best epoch is what patience limits."""

import copy
from collections.abc import Callable

from torch import nn


def fit(
    network: nn.Module,
    train_epoch: Callable[[nn.Module], None],
    validation_loss: Callable[[nn.Module], float],
    epochs: int,
    patience: int,
) -> int:
    """The number of epochs; the network has the best weights."""
    best_loss, best_epoch, epoch = float("inf"), 0, 0
    best_weights = copy.deepcopy(network.state_dict())
    while epoch < epochs and epoch - best_epoch < patience:
        train_epoch(network)
        epoch += 1
        loss = validation_loss(network)
        if loss < best_loss:
            best_loss, best_epoch = loss, epoch
            best_weights = copy.deepcopy(network.state_dict())  # state_dict alone refers to the weights in training
    network.load_state_dict(best_weights)
    return epoch
