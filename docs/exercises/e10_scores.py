"""Exercise 10, level 2: confusion matrix, precision, recall, F1 and the area under the ROC curve, in NumPy.

After docs/learn/02_scikit_learn.ipynb.
"""

import numpy as np


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """How often each true class was predicted as each class.

    Args:
        labels: int64 [N], the truth.
        predictions: int64 [N].
        classes: their number C; some may not occur.

    Returns:
        int64 [C, C]: rows are the truth, columns the predictions.
    """
    raise NotImplementedError("your turn")


def rates(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of each class; 0 where the divisor is 0.

    Args:
        counts: int64 [C, C], as `confusion` returns it.

    Returns:
        Precision (right of all predicted as the class), recall (right of all that are of the class) and F1
        (2 * precision * recall / (precision + recall)), each float64 [C].
    """
    raise NotImplementedError("your turn")


def roc_area(positive: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve: how often a positive example has a higher score than a negative one.

    Of all pairs of a positive and a negative example, the share in the right order; equal scores count as half.

    Args:
        positive: bool [N]; at least one is true and one is false.
        scores: float64 [N]; any numbers, not only probabilities.
    """
    raise NotImplementedError("your turn")
