"""The networks that learn from nothing: token ids in, logits out.

Every one of them takes ids of shape [N, L] in which `PAD` fills the ends of the shorter texts, and gives the same
answer however much of it there is.
"""

import math

import torch
from torch import Tensor, nn

from models.padding import PAD

BUCKETS = 20_000
_HASH = 1_000_003


def make_network(
    name: str, vocabulary: int, classes: int, *, width: int, layers: int, heads: int, dropout: float
) -> nn.Module:
    """A network of that name with fresh weights."""
    if name == "ngrams":
        return Ngrams(vocabulary, classes, width, dropout)
    if name == "transformer":
        return Transformer(vocabulary, classes, width, layers, heads, dropout)
    return Recurrent(name, vocabulary, classes, width, dropout)


def masked_mean(vectors: Tensor, mask: Tensor) -> Tensor:
    """The mean of the vectors [N, L, width] where mask [N, L] is true: [N, width]."""
    weights = mask.unsqueeze(2).to(vectors.dtype)
    return (vectors * weights).sum(1) / weights.sum(1).clamp_min(1)


class Ngrams(nn.Module):
    """The mean of the vectors of all tokens and of all pairs of neighbors, then one linear layer (Joulin et al. 2016).

    A pair has no id of its own, but shares one of `BUCKETS` with the pairs of the same hash.
    `nn.EmbeddingBag` computes such means too, by an operation that ONNX has to unroll.
    """

    def __init__(self, vocabulary: int, classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary + BUCKETS, width)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)
        nn.init.uniform_(self.embedding.weight, -1 / width, 1 / width)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD
        pairs = (ids[:, :-1] * _HASH + ids[:, 1:]) % BUCKETS + self.vocabulary
        vectors = self.embedding(torch.cat([ids, pairs], 1))
        mean = masked_mean(vectors, torch.cat([mask, mask[:, 1:]], 1))
        logits: Tensor = self.head(self.dropout(mean))
        return logits


class Recurrent(nn.Module):
    """Reads the text forwards and backwards, keeps the largest value that each number ever had, and the words' mean.

    The mean of the vectors that were read reaches the head without a gate on its way, so that what each word says by
    itself is learned at once, and the gates learn what the order adds.

    Backwards means: each text turned round within its own length, so that padding comes last both ways and never
    reaches a token. Packed sequences would do the same, but cannot be exported.
    """

    def __init__(self, kind: str, vocabulary: int, classes: int, width: int, dropout: float) -> None:
        super().__init__()
        cell = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        # What is hardly ever read stays as it begins: as good as nothing, not a large vector of chance.
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.forwards = cell(width, width, batch_first=True)
        self.backwards = cell(width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD
        vectors = self.dropout(self.embedding(ids))
        turned = torch.gather(vectors, 1, _turned_round(mask).unsqueeze(2).expand_as(vectors))
        states = torch.cat([self.forwards(vectors)[0], self.backwards(turned)[0]], 2)
        largest = states.masked_fill(~mask.unsqueeze(2), -1.0).amax(1)  # the states lie between -1 and 1
        features = torch.cat([largest, masked_mean(vectors, mask)], 1)
        logits: Tensor = self.head(self.dropout(features))
        return logits


def _turned_round(mask: Tensor) -> Tensor:
    """For each place the place to read from, so that each text is turned round and its padding stays: int64 [N, L]."""
    lengths = mask.sum(1, keepdim=True)
    places = torch.arange(mask.shape[1], device=mask.device).unsqueeze(0)
    return torch.where(places < lengths, lengths - 1 - places, places)


class Transformer(nn.Module):
    """An encoder of the kind that Vaswani et al. 2017 describe, with the norms first (Xiong et al. 2020)."""

    def __init__(self, vocabulary: int, classes: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """From token ids [N, L] to logits [N, classes]."""
        mask = ids != PAD
        vectors = self.embedding(ids) * math.sqrt(self.embedding.embedding_dim)
        vectors = self.dropout(vectors + positions(ids.shape[1], vectors.shape[2], ids.device))
        for block in self.blocks:
            vectors = block(vectors, mask)
        logits: Tensor = self.head(masked_mean(self.norm(vectors), mask))
        return logits


class Block(nn.Module):
    """Look at the other tokens, then think about each one alone; both add to what was there."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.thought_norm = nn.LayerNorm(width)
        self.thought = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """From vectors [N, L, width] and mask [N, L] to vectors of the same shape."""
        vectors = vectors + self.dropout(self.attention(self.attention_norm(vectors), mask))
        return vectors + self.dropout(self.thought(self.thought_norm(vectors)))


class Attention(nn.Module):
    """Each token asks (query) what the others have to offer (key), and takes the mean of what they say (value)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """From vectors [N, L, width] and mask [N, L] to vectors of the same shape."""
        query, key, value = (self._by_head(split) for split in self.project(vectors).chunk(3, dim=2))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])  # [N, heads, L, L]
        scores = scores.masked_fill(~mask[:, None, None, :], -1e4)  # nobody listens to padding
        mixed = (scores.softmax(3) @ value).transpose(1, 2).flatten(2)
        answer: Tensor = self.out(mixed)
        return answer

    def _by_head(self, part: Tensor) -> Tensor:
        return part.unflatten(2, (self.heads, -1)).transpose(1, 2)


def positions(length: int, width: int, device: torch.device) -> Tensor:
    """Where each token stands, as sines and cosines of growing wavelength: float [L, width] (Vaswani et al. 2017)."""
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))
    angles = torch.arange(length, device=device).unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
