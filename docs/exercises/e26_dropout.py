"""Exercise 26, level 2: dropout, on in training and off in evaluation.

After docs/learn/07_training_well.ipynb.
"""

from torch import Tensor


def dropout(values: Tensor, drop: float, training: bool) -> Tensor:
    """In training, set each value to zero with the probability `drop`, and enlarge the others.

    The values that are left are divided by the probability to be left, so that the expected value of each stays what it
    was. Outside of training nothing changes. The argument itself is not changed.

    Args:
        values: float32, any shape.
        drop: the probability of each value to become zero, from 0 to 1 (1 gives zeros everywhere).

    Returns:
        float32, the shape of `values`.
    """
    raise NotImplementedError("your turn")
