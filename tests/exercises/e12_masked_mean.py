"""Answers to exercise 12: right ones in another style, and plausible wrong ones."""

import torch
from torch import Tensor


def masked_mean__right_by_einsum(vectors: Tensor, mask: Tensor) -> Tensor:
    sums = torch.einsum("nlw,nl->nw", vectors, mask.float())
    return torch.where(mask.any(1)[:, None], sums / mask.sum(1)[:, None], 0.0)


def masked_max__right_one_text_at_a_time(vectors: Tensor, mask: Tensor) -> Tensor:
    nothing = torch.zeros(vectors.shape[2])
    texts = zip(vectors, mask, strict=True)
    return torch.stack([text[kept].max(0).values if kept.any() else nothing for text, kept in texts])


def masked_mean__wrong_divided_by_length(vectors: Tensor, mask: Tensor) -> Tensor:
    return (vectors * mask.unsqueeze(2)).mean(1)


def masked_mean__wrong_padding_counts(vectors: Tensor, mask: Tensor) -> Tensor:
    return vectors.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def masked_mean__wrong_texts_mixed(vectors: Tensor, mask: Tensor) -> Tensor:
    return vectors[mask].mean(0)


def masked_mean__wrong_nothing_by_nothing(vectors: Tensor, mask: Tensor) -> Tensor:
    return (vectors * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True)


def masked_mean__wrong_first_places(vectors: Tensor, mask: Tensor) -> Tensor:
    counts = mask.sum(1).tolist()
    return torch.stack([text[:count].sum(0) / max(count, 1) for text, count in zip(vectors, counts, strict=True)])


def masked_mean__wrong_written_in_place(vectors: Tensor, mask: Tensor) -> Tensor:
    vectors[~mask] = 0
    return vectors.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def masked_max__wrong_zero_wins(vectors: Tensor, mask: Tensor) -> Tensor:
    return (vectors * mask.unsqueeze(2)).amax(1)


def masked_max__wrong_tiny_is_positive(vectors: Tensor, mask: Tensor) -> Tensor:
    return vectors.masked_fill(~mask.unsqueeze(2), torch.finfo(vectors.dtype).tiny).amax(1)


def masked_max__wrong_no_words_give_minus_infinity(vectors: Tensor, mask: Tensor) -> Tensor:
    return vectors.masked_fill(~mask.unsqueeze(2), -torch.inf).amax(1)


def masked_max__wrong_mask_turned_around(vectors: Tensor, mask: Tensor) -> Tensor:
    largest = vectors.masked_fill(mask.unsqueeze(2), -torch.inf).amax(1)
    return largest.masked_fill(~mask.any(1, keepdim=True), 0)
