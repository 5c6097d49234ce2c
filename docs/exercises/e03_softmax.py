"""Exercise 03, level 2: softmax and cross-entropy without overflow, in NumPy.

After docs/learn/01_numpy.ipynb. Logits are a classifier's scores, one for each class.
"""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the classes: exp(logit) over the sum of all exp(logit), row by row.

    Large logits must not overflow. What can you subtract from all logits of a row without changing the result?

    Args:
        logits: float64 [N, classes].

    Returns:
        float64 [N, classes]; each row sums to one.
    """
    raise NotImplementedError("your turn")


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log(probability of the true class).

    A probability so small that it becomes zero must not make this infinite: work with logarithms from the start.

    Args:
        logits: float64 [N, classes].
        labels: int64 [N], the true classes.
    """
    raise NotImplementedError("your turn")
