"""Exercise 19, level 3: a residual block, and a network of many of them.

After docs/learn/05_networks.ipynb. Each `__init__` begins with `super().__init__()`.
"""

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """What comes in, plus what two linear layers make of it: x + second(relu(first(x))).

    `second` starts with weights and bias of zero: the new block changes nothing, so a deep network starts as a shallow
    one (Goyal et al. 2017, "Accurate, Large Minibatch SGD", 5.1, do the same with the last scale of each block).

    Args:
        width: features that come in and go out.
        hidden: features between the two layers.
    """

    def __init__(self, width: int, hidden: int) -> None:
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """From float32 [N, width] to float32 [N, width]; x itself stays unchanged."""
        raise NotImplementedError("your turn")


class ResidualNetwork(nn.Module):
    """A linear layer to `width` features, `depth` residual blocks, a linear layer to the classes.

    An optimizer must find the parameters of all blocks.
    """

    def __init__(self, features: int, classes: int, width: int, hidden: int, depth: int) -> None:
        raise NotImplementedError("your turn")

    def forward(self, inputs: Tensor) -> Tensor:
        """From float32 [N, features] to logits, float32 [N, classes]."""
        raise NotImplementedError("your turn")
