"""Exercise 12, level 2: mean and maximum over the words of each text, without its padding.

After docs/learn/03_tensors.ipynb. Texts of different lengths stand in one tensor; `mask` says which places hold a word.
"""

from torch import Tensor


def masked_mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """The mean of the vectors where the mask is true; zeros for a text without any word.

    Args:
        vectors: float [N, L, width]; must not be changed.
        mask: bool [N, L].

    Returns:
        float [N, width].
    """
    raise NotImplementedError("your turn")


def masked_max(vectors: Tensor, mask: Tensor) -> Tensor:
    """The largest value of each column where the mask is true; zeros for a text without any word.

    Args:
        vectors: float [N, L, width]; must not be changed. All values may be negative.
        mask: bool [N, L].

    Returns:
        float [N, width].
    """
    raise NotImplementedError("your turn")
