"""Exercise 34, level 2: draw the next token of a language model, with temperature and top-k, in PyTorch.

After docs/learn/08_attention_from_scratch.ipynb.
"""

from torch import Tensor


def next_probabilities(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    """The probabilities of the next token.

    The logits are divided by the temperature, all but the `top_k` largest of each row get the probability zero, and
    softmax makes probabilities of the rest.

    Args:
        logits: float32 [N, vocabulary].
        temperature: above 0; below 1 the likely tokens become likelier.
        top_k: how many tokens of each row keep a probability above zero; from 1 to the size of the vocabulary.

    Returns:
        float32 [N, vocabulary]; each row sums to one.
    """
    raise NotImplementedError("your turn")


def draw(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Draw one token for each row, with numbers that are drawn already, and without `torch.multinomial`.

    Lay the probabilities of a row end to end on a line from 0 to 1: token i owns the piece that begins at the sum of
    all probabilities before it. The token whose piece holds the uniform number is drawn. A number at the border of two
    pieces belongs to the second. Rounding may leave a sum of slightly less than 1; no uniform number may lead to a
    token that does not exist.

    Args:
        probabilities: float32 [N, vocabulary]; each row sums to one up to rounding.
        uniform: float32 [N], from 0 up to but not including 1.

    Returns:
        int64 [N], from 0 to vocabulary - 1.
    """
    raise NotImplementedError("your turn")
