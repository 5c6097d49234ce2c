"""Answers to exercise 33: a right one in another style, and plausible wrong ones."""

import math

import torch
from torch import Tensor


def attention__right_with_einsum(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    scores = torch.einsum("nqw,ntw->nqt", query, key) / query.shape[-1] ** 0.5
    scores = torch.where(padding[:, None, :], -torch.inf, scores)
    powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return torch.einsum("nqt,ntv->nqv", powers / powers.sum(dim=-1, keepdim=True), value)


def scores_of(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.transpose(1, 2) / math.sqrt(query.shape[2])


def attention__wrong_no_scale(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    scores = query @ key.transpose(1, 2)
    return scores.masked_fill(padding[:, None], -math.inf).softmax(dim=2) @ value


def attention__wrong_scale_without_root(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    scores = query @ key.transpose(1, 2) / query.shape[2]
    return scores.masked_fill(padding[:, None], -math.inf).softmax(dim=2) @ value


def attention__wrong_scale_by_tokens(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    scores = query @ key.transpose(1, 2) / math.sqrt(key.shape[1])
    return scores.masked_fill(padding[:, None], -math.inf).softmax(dim=2) @ value


def attention__wrong_softmax_over_queries(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    weights = scores_of(query, key).softmax(dim=1)
    return weights.masked_fill(padding[:, None], 0) @ value


def attention__wrong_no_mask(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).softmax(dim=2) @ value


def attention__wrong_mask_turned_round(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).masked_fill(~padding[:, None], -math.inf).softmax(dim=2) @ value


def attention__wrong_masked_after_the_softmax(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).softmax(dim=2).masked_fill(padding[:, None], 0) @ value


def attention__wrong_masked_scores_are_zero(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).masked_fill(padding[:, None], 0).softmax(dim=2) @ value


def attention__wrong_masked_scores_are_minus_hundred(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor
) -> Tensor:
    return scores_of(query, key).masked_fill(padding[:, None], -100).softmax(dim=2) @ value


def attention__wrong_padded_values_are_zero(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).softmax(dim=2) @ value.masked_fill(padding[:, :, None], 0)


def attention__wrong_no_softmax(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    return scores_of(query, key).masked_fill(padding[:, None], 0) @ value
