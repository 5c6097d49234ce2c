"""Answers to exercise 18: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor, nn


def he_weights__right_by_torch(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return nn.init.kaiming_normal_(torch.empty(outputs, inputs), nonlinearity="relu", generator=generator)


def xavier_weights__right_by_torch(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return nn.init.xavier_uniform_(torch.empty(outputs, inputs), generator=generator)


def activation_sizes__right_by_linear(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    sizes = [inputs]
    for matrix in weights:
        sizes.append(torch.clamp(nn.functional.linear(sizes[-1], matrix), min=0))
    return [activations.std().item() for activations in sizes[1:]]


UNIFORM = "(2 * torch.rand(outputs, inputs, generator=generator) - 1)"
MISTAKES = {
    "He by outputs": ("2 / inputs", "2 / outputs"),
    "He transposed": ("torch.randn(outputs, inputs,", "torch.randn(inputs, outputs,"),
    "no root": ("math.sqrt(2 / inputs)", "2 / inputs"),
    "for a layer without ReLU": ("2 / inputs", "1 / inputs"),
    "without the generator": ("torch.randn(outputs, inputs, generator=generator)", "torch.randn(outputs, inputs)"),
    "uniform": (
        "torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / inputs)",
        "(2 * torch.rand(outputs, inputs, generator=generator) - 1) * math.sqrt(6 / inputs)",
    ),
    "only positive": (UNIFORM, "torch.rand(outputs, inputs, generator=generator)"),
    "Xavier by inputs": ("6 / (inputs + outputs)", "6 / inputs"),
    "Xavier normal": (
        "(2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound",
        "torch.randn(outputs, inputs, generator=generator) * bound / math.sqrt(3)",
    ),
    "before the ReLU": ("(activations @ matrix.T).relu()", "(activations.relu() if sizes else activations) @ matrix.T"),
    "always from the inputs": ("(activations @ matrix.T)", "(inputs @ matrix.T)"),
    "the last only": ("return sizes", "return sizes[-1:]"),
}
