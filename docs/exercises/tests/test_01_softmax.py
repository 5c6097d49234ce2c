from types import ModuleType

import numpy as np
import torch
from torch.nn import functional as F

LOGITS = np.random.default_rng(0).normal(0, 3, (20, 5))
LABELS = np.random.default_rng(1).integers(0, 5, 20)


def test_rows_are_probabilities(exercise: ModuleType) -> None:
    found = exercise.softmax(LOGITS)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found, torch.from_numpy(LOGITS).softmax(1).numpy())


def test_large_logits_do_not_overflow(exercise: ModuleType) -> None:
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(exercise.softmax(np.array([[1000.0, 1000.0, -1000.0]])), [[0.5, 0.5, 0]])


def test_each_row_has_its_own_size(exercise: ModuleType) -> None:
    logits = np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])
    np.testing.assert_allclose(exercise.softmax(logits), 0.5)
    np.testing.assert_allclose(exercise.cross_entropy(logits, np.array([0, 1])), np.log(2))


def test_cross_entropy_is_that_of_pytorch(exercise: ModuleType) -> None:
    wanted = F.cross_entropy(torch.from_numpy(LOGITS), torch.from_numpy(LABELS)).item()
    np.testing.assert_allclose(exercise.cross_entropy(LOGITS, LABELS), wanted)


def test_a_hopeless_prediction_is_very_wrong_and_not_infinitely(exercise: ModuleType) -> None:
    np.testing.assert_allclose(exercise.cross_entropy(np.array([[0.0, 1000.0]]), np.array([0])), 1000)
