"""Exercise 25, level 3: stop when the validation loss no longer falls, and keep the best weights.

After docs/learn/07_training_well.ipynb.
"""

from collections.abc import Callable

from torch import nn


def fit(
    network: nn.Module,
    train_epoch: Callable[[nn.Module], None],
    validation_loss: Callable[[nn.Module], float],
    epochs: int,
    patience: int,
) -> int:
    """Train until `patience` epochs in a row have not lowered the best validation loss, or until `epochs` are over.

    At the end the network has the weights of the best epoch, which is the first one with the lowest validation loss. An
    equal loss is no better one. With patience=2 and the losses 5, 3, 4, 3, 1, training stops after the fourth epoch,
    with the weights of the second.

    Args:
        train_epoch: trains the network for one epoch, in place.
        validation_loss: measures the network; call it once after each epoch.

    Returns:
        How many epochs were trained.
    """
    raise NotImplementedError("your turn")
