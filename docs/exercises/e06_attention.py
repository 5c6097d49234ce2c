"""Exercise 6: each token asks all others. PyTorch, without `scaled_dot_product_attention`."""

from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    """For each query the mean of the values, weighted by the softmax of `query · key / sqrt(width)`.

    No query may listen to padding: not a little, but not at all.

    Args:
        query: float32 [N, queries, width].
        key: float32 [N, tokens, width].
        value: float32 [N, tokens, value width].
        padding: bool [N, tokens], true where there is no token; at least one token of each row is none.

    Returns:
        float32 [N, queries, value width].
    """
    raise NotImplementedError("your turn")
