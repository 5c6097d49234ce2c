"""Exercise 3: the five lines that every training loop is made of, and the two that are forgotten most often."""

import torch
from torch import Tensor, nn


def train(network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float) -> None:
    """Train a network with `torch.optim.AdamW`, on batches in another random order each epoch.

    Args:
        inputs: float32 [N, features].
        labels: int64 [N].
    """
    raise NotImplementedError("your turn")


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """The share of correct predictions, measured as the network will be used: without dropout and without gradients.

    Training may continue afterwards: leave the network in the mode (train or eval) in which it was.
    """
    raise NotImplementedError("your turn")


def make_network() -> nn.Module:
    """A network from 64 pixels to 10 digits; it is complete."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
