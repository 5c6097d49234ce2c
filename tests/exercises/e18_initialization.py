"""Answers to exercise 18: right ones in another style, and plausible wrong ones."""

import math

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


def he_weights__wrong_outputs(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / outputs)


def he_weights__wrong_transposed(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(inputs, outputs, generator=generator) * math.sqrt(2 / inputs)


def he_weights__wrong_no_root(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, generator=generator) * 2 / inputs


def he_weights__wrong_for_a_layer_without_relu(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, generator=generator) / math.sqrt(inputs)


def he_weights__wrong_without_the_generator(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs) * math.sqrt(2 / inputs)


def he_weights__wrong_uniform(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return (2 * torch.rand(outputs, inputs, generator=generator) - 1) * math.sqrt(6 / inputs)


def xavier_weights__wrong_only_positive(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.rand(outputs, inputs, generator=generator) * math.sqrt(6 / (inputs + outputs))


def xavier_weights__wrong_inputs_only(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return (2 * torch.rand(outputs, inputs, generator=generator) - 1) * math.sqrt(6 / inputs)


def xavier_weights__wrong_normal(inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    return torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / (inputs + outputs))


def activation_sizes__wrong_before_the_relu(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    sizes = []
    for matrix in weights:
        inputs = inputs @ matrix.T
        sizes.append(float(inputs.std()))
        inputs = inputs.relu()
    return sizes


def activation_sizes__wrong_always_from_the_inputs(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    return [float((inputs @ matrix.T).relu().std()) for matrix in weights]


def activation_sizes__wrong_the_last_only(inputs: Tensor, weights: list[Tensor]) -> list[float]:
    for matrix in weights:
        inputs = (inputs @ matrix.T).relu()
    return [float(inputs.std())]
