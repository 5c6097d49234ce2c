"""Exercise 18, level 2: random weights that keep the size of the activations through many layers.

After docs/learn/05_networks.ipynb.
"""

import torch
from torch import Tensor


def he_weights(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Weights for a layer with ReLU behind it: normal, mean 0, standard deviation sqrt(2 / inputs).

    Source: He et al. 2015, "Delving Deep into Rectifiers".

    Args:
        generator: draw from it, so that the same seed gives the same weights.

    Returns:
        float32 [outputs, inputs], as `nn.Linear` keeps them.
    """
    raise NotImplementedError("your turn")


def xavier_weights(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Weights for a layer with tanh behind it: uniform between -a and a, a = sqrt(6 / (inputs + outputs)).

    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".

    Args:
        generator: draw from it, so that the same seed gives the same weights.

    Returns:
        float32 [outputs, inputs].
    """
    raise NotImplementedError("your turn")


def activation_sizes(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    """The standard deviation of the activations after each layer; a layer is a matrix product and then ReLU.

    Args:
        inputs: float32 [N, features].
        weights: one matrix a layer, float32 [outputs, inputs].

    Returns:
        One number a layer.
    """
    raise NotImplementedError("your turn")
