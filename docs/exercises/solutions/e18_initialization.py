"""Exercise 18, solved: a sum grows as the root of its number of terms, and ReLU halves the square; undo both."""

import math

import torch
from torch import Tensor


def he_weights(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Normal weights [outputs, inputs] for ReLU."""
    return torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / inputs)


def xavier_weights(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Uniform weights [outputs, inputs] for tanh."""
    bound = math.sqrt(6 / (inputs + outputs))
    return (2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound


def activation_sizes(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    """The standard deviation after each layer."""
    sizes = []
    activations = inputs
    for matrix in weights:
        activations = (activations @ matrix.T).relu()  # [N, inputs] @ [inputs, outputs] -> [N, outputs]
        sizes.append(float(activations.std()))
    return sizes
