"""The checks of exercise 13."""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from expect import as_array, describe, expect, expect_close, expect_shape
from torch.nn import functional as F

HINT = (
    "Let errors [N, classes] be (probabilities - one-hot labels) / N. Which product of inputs [N, features] and errors "
    "has the shape of the weights? Each example adds its errors to the bias."
)

RANDOM = np.random.default_rng(0)
INPUTS, WEIGHTS, BIAS = RANDOM.normal(size=(30, 7)), RANDOM.normal(size=(7, 4)), RANDOM.normal(size=4)
LABELS = RANDOM.integers(0, 4, 30)


def run(exercise: ModuleType, scale: float = 1) -> tuple[Any, Any]:
    with np.errstate(all="ignore"):
        found = exercise.gradients(INPUTS.copy(), scale * WEIGHTS, BIAS.copy(), LABELS.copy())
    is_pair = isinstance(found, tuple | list) and len(found) == 2
    expect(is_pair, f"gradients(...) is {describe(found)}; expected two arrays, of the weights and of the bias")
    return found[0], found[1]


def expected(scale: float = 1) -> tuple[Any, Any]:
    weights, bias = (torch.from_numpy(array).clone().requires_grad_() for array in (scale * WEIGHTS, BIAS))
    F.cross_entropy(torch.from_numpy(INPUTS) @ weights + bias, torch.from_numpy(LABELS)).backward()
    return weights.grad, bias.grad


def check_they_have_the_shapes_of_weights_and_bias(exercise: ModuleType) -> None:
    of_weights, of_bias = run(exercise)
    expect_shape(of_weights, (7, 4), "the gradient of weights [7, 4]", "the product is inputs.T @ errors")
    expect_shape(of_bias, (4,), "the gradient of bias [4]", "sum the errors over the examples, without keepdims")


def check_they_equal_those_of_autograd(exercise: ModuleType) -> None:
    for found, there, name in zip(run(exercise), expected(), ("weights", "bias"), strict=True):
        expect_close(found, there, f"the gradient of the {name}", likely(found, as_array(there)))


def likely(found: Any, there: Any) -> str:
    """The mistake that a factor tells, if the values differ by one."""
    factors = {len(LABELS): "/ N is missing", 1 / len(LABELS): "/ N is done twice", -1: "the sign is turned round"}
    told = [mistake for factor, mistake in factors.items() if np.allclose(found, factor * there)]
    return told[0] if told else "the one-hot labels are not subtracted, or the bias is not in the logits"


def check_large_logits_do_not_overflow(exercise: ModuleType) -> None:
    mistake = "exp overflows: subtract each row's largest logit first"
    for found, there, name in zip(run(exercise, 1000), expected(1000), ("weights", "bias"), strict=True):
        expect_close(found, there, f"with logits about 1000, the gradient of the {name}", mistake)


def check_the_arguments_are_not_changed(exercise: ModuleType) -> None:
    arguments = {"inputs": INPUTS.copy(), "weights": WEIGHTS.copy(), "bias": BIAS.copy(), "labels": LABELS.copy()}
    exercise.gradients(**arguments)
    for (name, after), before in zip(arguments.items(), (INPUTS, WEIGHTS, BIAS, LABELS), strict=True):
        mistake = "an operation in place (-=, /=, out=) works on an argument and not on a copy"
        expect_close(after, before, f"after the call, {name}", mistake, tolerance=0)
