"""The checks of exercise 16."""

from types import ModuleType

import numpy as np
import torch
from expect import expect, expect_close

HINT = (
    "np.maximum(x, 0) is ReLU. With s = sigmoid(x), the slope is s * (1 - s): derive 1 / (1 + exp(-x)) once on paper."
)

X = np.random.default_rng(0).normal(0, 2, (4, 5))


def check_relu_keeps_what_is_positive(exercise: ModuleType) -> None:
    given = X.copy()
    mistake = "negative values become 0, all others stay; the shape stays too"
    expect_close(exercise.relu(given), torch.from_numpy(X).relu(), "relu(x)", mistake)
    expect(bool((given == X).all()), "relu(x) changed x itself", "x[x < 0] = 0 without a copy")


def check_the_slope_of_relu_is_zero_or_one(exercise: ModuleType) -> None:
    mistake = "the slope is 1 for positive x, 0 for negative x and, as in PyTorch, 0 at x = 0"
    expect_close(exercise.relu_slope(np.array([-2.0, 0.0, 3.0])), [0, 0, 1], "relu_slope([-2, 0, 3])", mistake)


def check_sigmoid_equals_that_of_pytorch(exercise: ModuleType) -> None:
    expect_close(exercise.sigmoid(X), torch.from_numpy(X).sigmoid(), "sigmoid(x)", "the sign in exp(-x)")


def check_sigmoid_has_no_nan_at_large_values(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        found = exercise.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    expect_close(found, [0, 0.5, 1], "sigmoid([-1000, 0, 1000])", "exp(1000) is infinite, and inf / inf is NaN")


def check_the_slope_of_sigmoid_is_what_autograd_finds(exercise: ModuleType) -> None:
    x = torch.from_numpy(X.copy()).requires_grad_()
    x.sigmoid().sum().backward()
    expect_close(exercise.sigmoid_slope(X), x.grad, "sigmoid_slope(x)", "with s = sigmoid(x), the slope is s * (1 - s)")
