"""Exercise 09, level 2: cross-validation, with nothing learned from the fold that is tested.

After docs/learn/02_scikit_learn.ipynb.
"""

from typing import Any

import numpy as np


def make_folds(examples: int, count: int, seed: int) -> list[np.ndarray]:
    """Shuffle the indices of the examples and cut them into parts whose sizes differ by one at most.

    Args:
        examples: the number N of examples; N need not be a multiple of `count`.
        count: the number of folds.
        seed: of the shuffling; the same seed makes the same folds.

    Returns:
        `count` arrays, int64; together they hold each index from 0 to N - 1 exactly once.
    """
    raise NotImplementedError("your turn")


def cross_validate(model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]) -> np.ndarray:
    """The accuracy on each fold of a model that was trained on all other folds.

    Args:
        model: one of scikit-learn's; `sklearn.base.clone(model)` gives an untrained copy of it. The model itself stays
            untrained.
        features: float64 [N, F].
        labels: int64 [N].
        folds: as `make_folds` returns them.

    Returns:
        float64 [folds].
    """
    raise NotImplementedError("your turn")
