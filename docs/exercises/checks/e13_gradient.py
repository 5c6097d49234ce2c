from types import ModuleType

import numpy as np
import torch
from torch.nn import functional as F

RANDOM = np.random.default_rng(0)
INPUTS, WEIGHTS, BIAS = RANDOM.normal(size=(30, 7)), RANDOM.normal(size=(7, 4)), RANDOM.normal(size=4)
LABELS = RANDOM.integers(0, 4, 30)


def test_they_are_those_of_autograd(exercise: ModuleType) -> None:
    weights, bias = (torch.from_numpy(array).clone().requires_grad_() for array in (WEIGHTS, BIAS))
    F.cross_entropy(torch.from_numpy(INPUTS) @ weights + bias, torch.from_numpy(LABELS)).backward()
    of_weights, of_bias = exercise.gradients(INPUTS, WEIGHTS, BIAS, LABELS)
    np.testing.assert_allclose(of_weights, weights.grad)
    np.testing.assert_allclose(of_bias, bias.grad)


def test_large_logits_do_not_overflow(exercise: ModuleType) -> None:
    of_weights, of_bias = exercise.gradients(INPUTS, 1000 * WEIGHTS, BIAS, LABELS)
    assert np.isfinite(of_weights).all()
    assert np.isfinite(of_bias).all()


def test_nothing_that_was_passed_is_changed(exercise: ModuleType) -> None:
    before = [array.copy() for array in (INPUTS, WEIGHTS, BIAS, LABELS)]
    exercise.gradients(INPUTS, WEIGHTS, BIAS, LABELS)
    for array, copy in zip((INPUTS, WEIGHTS, BIAS, LABELS), before, strict=True):
        np.testing.assert_array_equal(array, copy)
