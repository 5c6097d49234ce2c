"""Exercise 11, level 1: pick one entry from each row of a batch, without a loop.

After docs/learn/03_tensors.ipynb. Every classifier's loss does the first, every language model's sampling the second.
"""

from torch import Tensor


def pick_columns(scores: Tensor, columns: Tensor) -> Tensor:
    """From row i the entry of column columns[i].

    Autograd (notebook 04) must be able to follow the result back to `scores`: index, and do not leave PyTorch.

    Args:
        scores: float [N, C].
        columns: int64 [N], each from 0 to C - 1.

    Returns:
        float [N].
    """
    raise NotImplementedError("your turn")


def pick_vectors(vectors: Tensor, places: Tensor) -> Tensor:
    """From sequence i the vector at places[i]: for example, the vector of each text's last word.

    Args:
        vectors: float [N, L, width].
        places: int64 [N], each from 0 to L - 1.

    Returns:
        float [N, width].
    """
    raise NotImplementedError("your turn")
