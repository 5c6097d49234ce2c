"""Exercise 33, level 2: attention with a padding mask, in PyTorch.

After docs/learn/08_attention_from_scratch.ipynb.
Do not use `scaled_dot_product_attention`: write what it does.
"""

from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    """For each query the mean of the values, weighted by the softmax of `query · key / sqrt(width)`.

    Padding must get a weight of exactly zero.

    Args:
        query: float32 [N, queries, width].
        key: float32 [N, tokens, width].
        value: float32 [N, tokens, value width].
        padding: bool [N, tokens], true where there is padding; each row has at least one token that is no padding.

    Returns:
        float32 [N, queries, value width].
    """
    raise NotImplementedError("your turn")
