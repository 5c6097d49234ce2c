"""Answers to exercise 34: right ones in another style, and edits of the solution that make it wrong."""

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


MASKED = "torch.full_like(logits, -math.inf).scatter(1, kept.indices, kept.values)"
DRAWN = "(ends <= uniform[:, None]).sum(dim=1)"
MISTAKES = {
    "multiplied by temperature": ("masked / temperature", "masked * temperature"),
    "temperature after softmax": (
        "(masked / temperature).softmax(dim=1)",
        "torch.nn.functional.normalize(masked.softmax(dim=1) / temperature, p=1, dim=1)",
    ),
    "zero in place of minus infinity": ("torch.full_like(logits, -math.inf)", "torch.zeros_like(logits)"),
    "not normalized again": (
        f"{MASKED}  # [N, vocabulary]\n    return (masked / temperature).softmax(dim=1)",
        "(logits / temperature).softmax(dim=1)\n"
        "    return torch.zeros_like(logits).scatter(1, kept.indices, masked.gather(1, kept.indices))",
    ),
    "one limit for all rows": (
        MASKED,
        "logits.masked_fill(logits < logits.flatten().topk(top_k * len(logits)).values[-1], -math.inf)",
    ),
    "smallest kept": ("topk(top_k, dim=1)", "topk(top_k, dim=1, largest=False)"),
    "ties kept": (MASKED, "logits.masked_fill(logits < kept.values[:, -1:], -math.inf)"),
    "in place": ("kept = logits", "logits /= temperature\n    kept = logits"),
    "likeliest": (DRAWN, "probabilities.argmax(dim=1)"),
    "border belongs to the first": ("ends <= uniform", "ends < uniform"),
    "one too far": (DRAWN, f"{DRAWN} + 1"),
    "past the end": (".clamp_max(probabilities.shape[1] - 1)", ""),
    "drawn anew": (
        DRAWN,
        "torch.multinomial(probabilities, 1, generator=torch.Generator().manual_seed(0)).squeeze(1)",
    ),
}
