"""Exercise 20, level 2: gradient descent with momentum, one step of it, as `torch.optim.SGD` does it.

After docs/learn/06_optimizers.ipynb.
"""

from torch import Tensor


def momentum_step(parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float) -> None:
    """One step, in place: velocity = momentum * velocity + gradient, then parameter = parameter - rate * velocity.

    A parameter whose gradient is None stays as it is, and so does its velocity.

    Args:
        parameters: leaf tensors with `requires_grad`; `backward()` has filled their `.grad`.
        velocities: one tensor for each parameter, in its shape; zeros before the first step. The next call gets the
            same tensors again: change them in place too.
    """
    raise NotImplementedError("your turn")
