"""Answers to exercise 33: a right one in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor


def attention__right_with_einsum(query: Tensor, key: Tensor, value: Tensor, padding: Tensor) -> Tensor:
    scores = torch.einsum("nqw,ntw->nqt", query, key) / query.shape[-1] ** 0.5
    scores = torch.where(padding[:, None, :], -torch.inf, scores)
    powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return torch.einsum("nqt,ntv->nqv", powers / powers.sum(dim=-1, keepdim=True), value)


ROOT, MASKED = "math.sqrt(query.shape[2])", ".masked_fill(padding[:, None], -math.inf)"
MISTAKES = {
    "no scale": (f" / {ROOT}", ""),
    "scale without root": (ROOT, "query.shape[2]"),
    "scale by tokens": (ROOT, "math.sqrt(key.shape[1])"),
    "softmax over queries": (f"{MASKED}.softmax(dim=2)", ".softmax(dim=1).masked_fill(padding[:, None], 0)"),
    "no mask": (MASKED, ""),
    "mask turned round": ("padding[:, None]", "~padding[:, None]"),
    "masked after the softmax": (f"{MASKED}.softmax(dim=2)", ".softmax(dim=2).masked_fill(padding[:, None], 0)"),
    "masked scores are zero": ("-math.inf", "0"),
    "masked scores are minus hundred": ("-math.inf", "-100"),
    "padded values are zero": (MASKED, "", "@ value", "@ value.masked_fill(padding[:, :, None], 0)"),
    "no softmax": ("-math.inf).softmax(dim=2)", "0)"),
}
