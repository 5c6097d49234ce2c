"""Exercise 28, level 2: a recurrent network that stops at the end of each sequence, in PyTorch.

After projects/text_classification/notebooks/exploration.ipynb.
"""

from torch import Tensor


def last_states(inputs: Tensor, lengths: Tensor, input_weights: Tensor, state_weights: Tensor, bias: Tensor) -> Tensor:
    """The state of a plain recurrent network after the last token of each sequence.

    The state starts as zeros; each token changes it to `tanh(token @ input_weights + state @ state_weights + bias)`.
    Sequences of different lengths share a batch; the shorter ones are padded. Padding must not change the result.

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
