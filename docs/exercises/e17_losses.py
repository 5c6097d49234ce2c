"""Exercise 17, level 2: three losses by hand, and the shapes that spoil one of them without an error.

After docs/learn/05_networks.ipynb. Use PyTorch's arithmetic, not its losses.
"""

from torch import Tensor


def mean_squared_error(predictions: Tensor, targets: Tensor) -> Tensor:
    """The mean of (prediction - target)².

    A network with one output returns [N, 1]; the targets in a table are [N]. What does [N, 1] - [N] give?

    Args:
        predictions: float32 [N, 1].
        targets: float32 [N].

    Returns:
        float32, a scalar.
    """
    raise NotImplementedError("your turn")


def mean_absolute_error(predictions: Tensor, targets: Tensor) -> Tensor:
    """The mean of |prediction - target|.

    Args:
        predictions: float32 [N, 1].
        targets: float32 [N].

    Returns:
        float32, a scalar.
    """
    raise NotImplementedError("your turn")


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of -log(probability of the true answer), with probability of "yes" = sigmoid(logit).

    It must be finite and exact at logits of 1000 and -1000: -log(sigmoid(z)) is log(1 + exp(-z)), which is -z for a
    very negative z. `torch.nn.functional.softplus(z)` is log(1 + exp(z)) without overflow.

    Args:
        logits: float32 [N].
        labels: float32 [N], 1 for yes and 0 for no.

    Returns:
        float32, a scalar.
    """
    raise NotImplementedError("your turn")
