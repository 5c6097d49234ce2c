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
    """The share of right answers, measured as the network will be used: without dropout, and recording no gradients.

    The network may be trained on afterwards: leave it in the mode it was in.
    """
    raise NotImplementedError("your turn")


def make_network() -> nn.Module:
    """From 64 pixels to 10 digits; nothing to do here."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
