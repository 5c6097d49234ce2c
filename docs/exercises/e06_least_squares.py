"""Exercise 06, level 1: linear regression by least squares, and R², in NumPy.

After docs/learn/02_scikit_learn.ipynb. Each function needs a line or two.
"""

import numpy as np


def fit(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The weights and the bias with the smallest mean squared error.

    The bias is the weight of a column of ones. Features may repeat each other (the same length in cm and in inches);
    `np.linalg.lstsq` copes with that, an inverse of `table.T @ table` does not.

    Args:
        features: float64 [N, F].
        targets: float64 [N].

    Returns:
        float64 [F + 1]: a weight for each feature, and the bias at the end.
    """
    raise NotImplementedError("your turn")


def predict(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted sum of each row's features, plus the bias.

    Args:
        features: float64 [N, F].
        weights: float64 [F + 1], as `fit` returns them.

    Returns:
        float64 [N].
    """
    raise NotImplementedError("your turn")


def r2(targets: np.ndarray, predictions: np.ndarray) -> float:
    """One minus the predictions' mean squared error, divided by that of always predicting the mean of the targets.

    Args:
        targets: float64 [N], the truth.
        predictions: float64 [N].
    """
    raise NotImplementedError("your turn")
