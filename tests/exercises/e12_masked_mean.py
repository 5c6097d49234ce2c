"""Answers to exercise 12: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor


def masked_mean__right_by_einsum(vectors: Tensor, mask: Tensor) -> Tensor:
    sums = torch.einsum("nlw,nl->nw", vectors, mask.float())
    return torch.where(mask.any(1)[:, None], sums / mask.sum(1)[:, None], 0.0)


def masked_max__right_one_text_at_a_time(vectors: Tensor, mask: Tensor) -> Tensor:
    nothing = torch.zeros(vectors.shape[2])
    texts = zip(vectors, mask, strict=True)
    return torch.stack([text[kept].max(0).values if kept.any() else nothing for text, kept in texts])


MEAN = "(vectors * weights).sum(1) / weights.sum(1).clamp(min=1)"
MISTAKES = {
    "divided by length": (MEAN, "(vectors * weights).mean(1)"),
    "padding counts": ("(vectors * weights)", "vectors"),
    "texts mixed": (MEAN, "vectors[mask].mean(0)"),
    "nothing by nothing": (".clamp(min=1)", ""),
    "first places": ("weights = ", "mask = torch.arange(mask.shape[1]) < mask.sum(1, keepdim=True)\n    weights = "),
    "written in place": ("weights = ", "vectors[~mask] = 0\n    weights = "),
    "zero wins": ("-torch.inf", "0"),
    "tiny is positive": ("-torch.inf", "torch.finfo(vectors.dtype).tiny"),
    "no words give minus infinity": ("largest.masked_fill(~mask.any(1, keepdim=True), 0)", "largest"),
    "mask turned around": ("~mask.unsqueeze(2)", "mask.unsqueeze(2)"),
}
