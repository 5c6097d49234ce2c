"""The networks that are trained from scratch: token ids in, logits out.

Each takes ids of shape [N, L], in which `PAD` fills the ends of the shorter texts. The amount of padding never changes
the logits: a text gives the same ones alone and beside longer texts.
"""

import math

import torch
from torch import Tensor, nn

from src.tokens import PAD

BUCKETS = 20_000  # rows shared by all pairs of tokens; 8,000 different tokens have 64 million possible pairs
_HASH = 1_000_003  # a prime, so that pairs of frequent tokens spread over the buckets


def make_network(
    name: str, vocabulary: int, classes: int, *, width: int, layers: int, heads: int, dropout: float
) -> nn.Module:
    """A network of that name with random weights.

    Args:
        name: ngrams, lstm, gru or transformer.
        vocabulary: the number of different token ids.
        width: the length of the vectors inside.
        layers: the number of blocks (transformer only).
        heads: the number of attention heads in each block (transformer only); it divides `width`.
    """
    if name == "ngrams":
        return Ngrams(vocabulary, classes, width, dropout)
    if name == "transformer":
        return Transformer(vocabulary, classes, width, layers, heads, dropout)
    return Recurrent(name, vocabulary, classes, width, dropout)


def masked_mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """The mean of the vectors [N, L, width] where mask [N, L] is true: [N, width]."""
    weights = mask.unsqueeze(2).to(vectors.dtype)  # [N, L, 1]
    return (vectors * weights).sum(1) / weights.sum(1).clamp_min(1)


class Ngrams(nn.Module):
    """The mean of the vectors of all tokens and of all pairs of neighbors, then one linear layer (Joulin et al. 2016).

    The pairs let it tell "not good" from "good". A pair has no separate row in the table: its hash chooses one of
    `BUCKETS` rows, which it shares with other pairs. `nn.EmbeddingBag` computes such means too, but as an operation
    that the ONNX export has to unroll.
    """

    def __init__(self, vocabulary: int, classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary + BUCKETS, width)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)
        nn.init.uniform_(self.embedding.weight, -1 / width, 1 / width)  # as fastText does

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD  # [N, L]
        pairs = (ids[:, :-1] * _HASH + ids[:, 1:]) % BUCKETS + self.vocabulary  # [N, L - 1]
        vectors = self.embedding(torch.cat([ids, pairs], 1))  # [N, 2L - 1, width]
        # A pair counts where its second token is no padding.
        mean = masked_mean(vectors, torch.cat([mask, mask[:, 1:]], 1))  # [N, width]
        logits: Tensor = self.head(self.dropout(mean))
        return logits


class Recurrent(nn.Module):
    """An LSTM or GRU in both directions; its features are the largest states and the mean of the embeddings.

    The mean reaches the last layer without a gate on its way: what each word says by itself is learned at once, and
    the gates learn what the order adds.

    Backwards means: each text reversed within its own length, so that padding comes last in both directions and never
    reaches a token. Packed sequences would do the same, but cannot be exported to ONNX.
    """

    def __init__(self, kind: str, vocabulary: int, classes: int, width: int, dropout: float) -> None:
        super().__init__()
        cell = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        # Rare tokens are hardly trained and stay near these values: close to zero they add little noise to the mean.
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.forwards = cell(width, width, batch_first=True)
        self.backwards = cell(width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD  # [N, L]
        vectors = self.dropout(self.embedding(ids))  # [N, L, width]
        turned = torch.gather(vectors, 1, _reversed_places(mask).unsqueeze(2).expand_as(vectors))  # [N, L, width]
        states = torch.cat([self.forwards(vectors)[0], self.backwards(turned)[0]], 2)  # [N, L, 2 * width]
        # States lie between -1 and 1, so padding, set to -1, is never the largest.
        largest = states.masked_fill(~mask.unsqueeze(2), -1.0).amax(1)  # [N, 2 * width]
        features = torch.cat([largest, masked_mean(vectors, mask)], 1)  # [N, 3 * width]
        logits: Tensor = self.head(self.dropout(features))
        return logits


def _reversed_places(mask: Tensor) -> Tensor:
    """For each place the place to read from, so that each text is reversed and its padding stays: int64 [N, L]."""
    lengths = mask.sum(1, keepdim=True)  # [N, 1]
    places = torch.arange(mask.shape[1], device=mask.device).unsqueeze(0)  # [1, L]
    return torch.where(places < lengths, lengths - 1 - places, places)


class Transformer(nn.Module):
    """An encoder (Vaswani et al. 2017) that normalizes before each sublayer, which trains without a long warm-up.

    The place of the norms is that of Xiong et al. 2020.
    """

    def __init__(self, vocabulary: int, classes: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        # `forward` multiplies by sqrt(width): the vectors then start at deviation 1, the size of the positions.
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD  # [N, L]
        vectors = self.embedding(ids) * math.sqrt(self.embedding.embedding_dim)  # [N, L, width]
        vectors = self.dropout(vectors + positions(ids.shape[1], vectors.shape[2], ids.device))
        for block in self.blocks:
            vectors = block(vectors, mask)
        logits: Tensor = self.head(masked_mean(self.norm(vectors), mask))
        return logits


class Block(nn.Module):
    """Attention between the tokens, then two linear layers on each token alone; both add to their input."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        # Four times as wide inside, as in Vaswani et al. 2017.
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """From vectors [N, L, width] and mask [N, L] to vectors of the same shape."""
        vectors = vectors + self.dropout(self.attention(self.attention_norm(vectors), mask))
        return vectors + self.dropout(self.mlp(self.mlp_norm(vectors)))


class Attention(nn.Module):
    """Each token compares its query with all keys, and takes the mean of the values, weighted by how well they fit."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)  # query, key and value in one multiplication
        self.out = nn.Linear(width, width)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """From vectors [N, L, width] and mask [N, L] to vectors of the same shape."""
        projected = self.project(vectors).unflatten(2, (3, self.heads, -1))  # [N, L, 3, heads, size]
        query, key, value = projected.permute(2, 0, 3, 1, 4).unbind(0)  # each [N, heads, L, size]
        # Dot products of `size` numbers grow with its root; undivided, the softmax would saturate.
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])  # [N, heads, L, L]
        scores = scores.masked_fill(~mask[:, None, None, :], -1e4)  # padding gets no weight; -inf is no fp16 number
        mixed = (scores.softmax(3) @ value).transpose(1, 2).flatten(2)  # [N, L, width]
        attended: Tensor = self.out(mixed)
        return attended


def positions(length: int, width: int, device: torch.device) -> Tensor:
    """The place of each token as sines and cosines of growing wavelength: float [L, width] (Vaswani et al. 2017)."""
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))  # [width / 2]
    angles = torch.arange(length, device=device).unsqueeze(1) * rates  # [L, width / 2]
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
