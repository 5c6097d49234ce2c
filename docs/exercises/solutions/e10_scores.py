"""Exercise 10, solved: three scores from the rows and columns of one matrix, and the area from all pairs."""

import numpy as np


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """The counts, int64 [C, C]."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    return counts


def rates(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1, each float64 [C]."""
    right, truth, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    # Where a divisor is 0, so is `right`; dividing by 1 then gives the 0 that is wanted.
    precision, recall = right / np.maximum(predicted, 1), right / np.maximum(truth, 1)
    return precision, recall, 2 * right / np.maximum(truth + predicted, 1)


def roc_area(positive: np.ndarray, scores: np.ndarray) -> float:
    """The share of the pairs in the right order."""
    differences = scores[positive][:, None] - scores[~positive]  # [positives, negatives]
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())
