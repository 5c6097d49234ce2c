"""The checks of exercise 18."""

import math
from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape

HINT = (
    "torch.randn(outputs, inputs, generator=generator) * s has the standard deviation s; (2 * torch.rand(...) - 1) * a "
    "lies between -a and a. activation_sizes: activations = (activations @ matrix.T).relu(), layer after layer."
)

INPUTS, OUTPUTS = 100, 900


def draw(function: object, seed: int = 0) -> torch.Tensor:
    return function(INPUTS, OUTPUTS, torch.Generator().manual_seed(seed))  # type: ignore[operator]


def check_weights_have_the_shape_of_a_linear_layer(exercise: ModuleType) -> None:
    for function in (exercise.he_weights, exercise.xavier_weights):
        what = f"{function.__name__.split('__')[0]}(inputs=100, outputs=900)"
        expect_shape(draw(function), (OUTPUTS, INPUTS), what, "nn.Linear keeps [outputs, inputs]")


def check_weights_come_from_the_generator(exercise: ModuleType) -> None:
    for function in (exercise.he_weights, exercise.xavier_weights):
        same = bool((draw(function) == draw(function)).all())
        expect(same, "the same seed gave other weights", "generator=generator is missing in randn or rand")
        other = bool((draw(function) != draw(function, seed=1)).any())
        expect(other, "another seed gave the same weights", "a generator of your own is used, not the given one")


def check_he_weights_are_normal_with_the_right_size(exercise: ModuleType) -> None:
    weights = draw(exercise.he_weights)
    expected = math.sqrt(2 / INPUTS)
    mistake = "divide by the number of inputs, not of outputs; take the root; 2 and not 1 for ReLU"
    expect_close(weights.std(), expected, "the standard deviation of he_weights(100, 900)", mistake, tolerance=2e-3)
    expect(abs(float(weights.mean())) < 0.01, "the mean of he_weights is not 0", "torch.rand in place of torch.randn")
    expect(float(weights.abs().max()) > 3 * expected, "he_weights has no value beyond 3 sigma", "uniform, not normal")


def check_xavier_weights_fill_their_range_evenly(exercise: ModuleType) -> None:
    weights = draw(exercise.xavier_weights)
    bound = math.sqrt(6 / (INPUTS + OUTPUTS))
    mistake = "a = sqrt(6 / (inputs + outputs)); torch.rand gives 0 to 1, which becomes -a to a"
    expect_close(weights.max(), bound, "the largest of xavier_weights(100, 900)", mistake, tolerance=1e-3)
    expect_close(weights.min(), -bound, "the smallest of xavier_weights(100, 900)", mistake, tolerance=1e-3)
    expect_close(weights.std(), bound / math.sqrt(3), "their standard deviation", "uniform, not normal", tolerance=1e-3)


def check_sizes_are_measured_after_each_relu(exercise: ModuleType) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(50, 8, generator=generator)
    first, second = torch.randn(16, 8, generator=generator), torch.randn(4, 16, generator=generator)
    found = exercise.activation_sizes(inputs, [first, second])
    expect(
        len(found) == 2, f"activation_sizes returned {len(found)} numbers for 2 layers", "one number after each layer"
    )
    hidden = (inputs @ first.T).relu()
    expected = [float(hidden.std()), float((hidden @ second.T).relu().std())]
    mistake = "each layer takes what the layer before it returned; measure after the ReLU"
    expect_close(found, expected, "activation_sizes of two layers", mistake, tolerance=1e-4)
