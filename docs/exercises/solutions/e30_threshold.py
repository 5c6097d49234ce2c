"""Exercise 30, solved: the lowest similarity of different people that has few enough of the others above it."""

import math

import numpy as np


def threshold_for(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    """The lowest threshold that accepts at most this share of the pairs of different people."""
    different = np.sort(similarities[~same])
    accepted = min(math.floor(false_accept * len(different) + 1e-9), len(different) - 1)
    return float(different[len(different) - 1 - accepted])


def measure(
    validation: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], false_accept: float
) -> tuple[float, float]:
    """The shares of false accepts and of false rejects on the test split."""
    threshold = threshold_for(*validation, false_accept)
    similarities, same = test
    accepted = similarities > threshold
    return float(accepted[~same].mean()), float((~accepted[same]).mean())
