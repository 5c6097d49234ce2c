"""Exercise 31, solved: a bin's weight and its two means share the same count, so sums are enough."""

import numpy as np


def calibration_error(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """The expected calibration error, between 0 and 1."""
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    differences = [abs((confidences - right)[bin_of == number].sum()) for number in range(bins)]
    return float(sum(differences) / len(confidences))
