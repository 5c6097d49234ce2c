"""Answers to exercise 34: right ones in another style, and plausible wrong ones."""

import math

import torch
from torch import Tensor


def next_probabilities__right_row_by_row(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    probabilities = torch.zeros_like(logits)
    for row, target in zip(logits, probabilities, strict=True):
        kept = row.argsort(descending=True)[:top_k]
        powers = ((row[kept] - row.max()) / temperature).exp()
        target[kept] = powers / powers.sum()
    return probabilities


def draw__right_by_searchsorted(probabilities: Tensor, uniform: Tensor) -> Tensor:
    found = torch.searchsorted(probabilities.cumsum(1), uniform[:, None], right=True).squeeze(1)
    return found.clamp(max=probabilities.shape[1] - 1)


def next_probabilities__wrong_multiplied_by_temperature(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    smallest = logits.topk(top_k, dim=1).values[:, -1:]
    return (logits * temperature).masked_fill(logits < smallest, -math.inf).softmax(1)


def next_probabilities__wrong_temperature_after_softmax(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    smallest = logits.topk(top_k, dim=1).values[:, -1:]
    divided = logits.masked_fill(logits < smallest, -math.inf).softmax(1) / temperature
    return divided / divided.sum(1, keepdim=True)


def next_probabilities__wrong_zero_in_place_of_minus_infinity(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    kept = logits.topk(top_k, dim=1)
    return (torch.zeros_like(logits).scatter(1, kept.indices, kept.values) / temperature).softmax(1)


def next_probabilities__wrong_not_normalized_again(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    probabilities = (logits / temperature).softmax(1)
    kept = probabilities.topk(top_k, dim=1)
    return torch.zeros_like(logits).scatter(1, kept.indices, kept.values)


def next_probabilities__wrong_one_limit_for_all_rows(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    limit = logits.flatten().topk(top_k * len(logits)).values[-1]
    return (logits.masked_fill(logits < limit, -math.inf) / temperature).softmax(1)


def next_probabilities__wrong_smallest_kept(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    kept = logits.argsort(dim=1)[:, :top_k]
    values = logits.gather(1, kept)
    return (torch.full_like(logits, -math.inf).scatter(1, kept, values) / temperature).softmax(1)


def next_probabilities__wrong_ties_kept(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    smallest = logits.topk(top_k, dim=1).values[:, -1:]
    return (logits.masked_fill(logits < smallest, -math.inf) / temperature).softmax(1)


def next_probabilities__wrong_in_place(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    logits /= temperature
    kept = logits.topk(top_k, dim=1)
    return torch.full_like(logits, -math.inf).scatter(1, kept.indices, kept.values).softmax(1)


def draw__wrong_likeliest(probabilities: Tensor, uniform: Tensor) -> Tensor:
    return probabilities.argmax(1)


def draw__wrong_border_belongs_to_the_first(probabilities: Tensor, uniform: Tensor) -> Tensor:
    return (probabilities.cumsum(1) < uniform[:, None]).sum(1).clamp_max(probabilities.shape[1] - 1)


def draw__wrong_one_too_far(probabilities: Tensor, uniform: Tensor) -> Tensor:
    return ((probabilities.cumsum(1) <= uniform[:, None]).sum(1) + 1).clamp_max(probabilities.shape[1] - 1)


def draw__wrong_past_the_end(probabilities: Tensor, uniform: Tensor) -> Tensor:
    return (probabilities.cumsum(1) <= uniform[:, None]).sum(1)


def draw__wrong_drawn_anew(probabilities: Tensor, uniform: Tensor) -> Tensor:
    torch.manual_seed(0)
    return torch.multinomial(probabilities, 1).squeeze(1)
