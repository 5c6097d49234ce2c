"""The checks of exercise 03."""

from types import ModuleType

import numpy as np
import torch
from expect import expect_close, expect_shape
from torch.nn import functional as F

HINT = "Subtract each row's largest logit (keepdims=True); then log(softmax) is shifted - log(sum(exp(shifted)))."

LOGITS = np.random.default_rng(0).normal(0, 3, (20, 5))
LABELS = np.random.default_rng(1).integers(0, 5, 20)


def check_rows_are_probabilities(exercise: ModuleType) -> None:
    found = exercise.softmax(LOGITS.copy())
    expect_shape(found, (20, 5), "softmax of logits [20, 5]", "sum(axis=1) without keepdims=True")
    expect_close(found.sum(axis=1), np.ones(20), "the sum of each row", "the sum runs over the wrong axis")
    expect_close(found, torch.from_numpy(LOGITS).softmax(1), "softmax(logits)")


def check_large_logits_do_not_overflow(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        found = exercise.softmax(np.array([[1000.0, 1000.0, -1000.0]]))
    expect_close(found, [[0.5, 0.5, 0]], "softmax([[1000, 1000, -1000]])", "exp(1000) overflows")


def check_each_row_has_its_own_maximum(exercise: ModuleType) -> None:
    logits, mistake = np.array([[1000.0, 1000.0], [-1000.0, -1000.0]]), "one maximum is subtracted from all rows"
    with np.errstate(all="ignore"):
        expect_close(exercise.softmax(logits), np.full((2, 2), 0.5), "softmax([[1000, 1000], [-1000, -1000]])", mistake)
        loss = exercise.cross_entropy(logits, np.array([0, 1]))
    expect_close(loss, np.log(2), "the cross-entropy of these rows", mistake)


def check_cross_entropy_equals_that_of_pytorch(exercise: ModuleType) -> None:
    expected = F.cross_entropy(torch.from_numpy(LOGITS), torch.from_numpy(LABELS))
    found = exercise.cross_entropy(LOGITS, LABELS)
    expect_close(found, expected, "cross_entropy(logits, labels)", "the mean is over examples, of the true class alone")


def check_a_hopeless_prediction_has_a_finite_loss(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        found = exercise.cross_entropy(np.array([[0.0, 1000.0]]), np.array([0]))
    expect_close(found, 1000, "cross_entropy([[0, 1000]], [0])", "the logarithm of a probability that became zero")
