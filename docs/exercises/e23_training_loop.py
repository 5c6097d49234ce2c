"""Exercise 23, level 3: the five lines of every training loop, and an accuracy measured without dropout.

After docs/learn/07_training_well.ipynb.
"""

import torch
from torch import Tensor, nn


def train(network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float) -> None:
    """Train a network with `torch.optim.AdamW` on the mean cross-entropy, in another random order each epoch.

    The network comes in any mode (train or eval). The last batch of an epoch may be smaller; no example is left out.

    Args:
        network: gives logits, float32 [N, classes].
        inputs: float32 [N, features].
        labels: int64 [N].
        epochs: how often each example is seen.
        batch_size: number of examples in a batch.
        rate: the learning rate.
    """
    raise NotImplementedError("your turn")


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """The share of correct predictions, between 0 and 1, measured without dropout and without gradients.

    Training may continue afterwards: leave the network in the mode (train or eval) in which it was.

    Args:
        network: gives logits, float32 [N, classes].
        inputs: float32 [N, features].
        labels: int64 [N].
    """
    raise NotImplementedError("your turn")


def make_network() -> nn.Module:
    """A network from 64 pixels to 10 digits; it is complete."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
