"""Exercise 5: read a sequence token by token, and stop at its end although its batch goes on. PyTorch."""

from torch import Tensor


def last_states(inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor) -> Tensor:
    """The state of a plain recurrent network after the last token of each sequence.

    The state begins with zeros; each token makes it `tanh(token @ input_weights + state @ state_weights + bias)`.
    Sequences of different lengths share the batch, filled up with padding, which must not touch the answer.

    Args:
        inputs: float32 [N, longest, features].
        lengths: int64 [N], each at least 1.
        input_weights: float32 [features, width].
        state_weights: float32 [width, width].
        bias: float32 [width].

    Returns:
        float32 [N, width].
    """
    raise NotImplementedError("your turn")
