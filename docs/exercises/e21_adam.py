"""Exercise 21, level 3: AdamW, one step of it, equal to `torch.optim.AdamW` to the last digits.

After docs/learn/06_optimizers.ipynb.
"""

from torch import Tensor


def adamw_step(
    parameter: Tensor,
    state: dict[str, Tensor | int],
    rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.01,
) -> None:
    """One step on one parameter, in place.

    1. Count the step: 1, 2, 3, ...
    2. Decay: shrink the parameter by the factor 1 - rate * decay; the gradient does not see it (Loshchilov & Hutter
       2019, "Decoupled Weight Decay Regularization").
    3. Update the two averages: first = beta1 * first + (1 - beta1) * gradient, and the same for second with beta2 and
       the gradient's square.
    4. Both started at zero and are too small at first: divide `first` by 1 - beta1 ** step and `second` by
       1 - beta2 ** step. Do not keep the divided ones.
    5. Subtract rate * first / (sqrt(second) + eps), with the divided ones (Kingma & Ba 2015, "Adam").

    Args:
        parameter: a leaf tensor with `requires_grad`; `backward()` has filled its `.grad`.
        state: empty before the first step; keep in it what the next step needs: `step`, `first`, `second`.
    """
    raise NotImplementedError("your turn")
