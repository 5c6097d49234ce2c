"""Exercise 22, level 2: the learning rate of every step: a warm-up, then half a cosine.

After docs/learn/06_optimizers.ipynb.
"""

from torch.optim import Optimizer


def rate_at(step: int, total: int, warmup: int, highest: float) -> float:
    """The learning rate of a step.

    The first `warmup` steps climb in equal steps: highest / warmup at step 0, `highest` at step warmup - 1. Then comes
    half a cosine: `highest` at step `warmup`, half of it halfway, and (almost) 0 at the last step. With `warmup` 0 the
    cosine begins at once.

    Args:
        step: 0 to total - 1.
        total: number of steps in the whole training.
        warmup: number of steps of the warm-up, less than `total`.
    """
    raise NotImplementedError("your turn")


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give all groups of parameters the rate of the next step; an optimizer keeps it in `param_groups`."""
    raise NotImplementedError("your turn")
