"""Answers to exercise 37: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d


def class_maps__right_by_convolution(features: Tensor, weight: Tensor) -> Tensor:
    return conv2d(features, weight[:, :, None, None])


def heat__right_by_a_loop(maps: Tensor, bias: Tensor) -> Tensor:
    found = []
    for photo in maps:
        logits = [float(one.mean() + shift) for one, shift in zip(photo, bias, strict=True)]
        positive = torch.relu(photo[logits.index(max(logits))])
        found.append(positive / positive.max() if positive.any() else positive)
    return torch.stack(found)


CHOSEN, LOGITS, PRODUCT = "maps[torch.arange(len(maps)), likeliest]", "maps.mean((2, 3)) + bias", "features, weight)"
MISTAKES = {
    "averaged first": (PRODUCT, "features.mean((2, 3), keepdim=True).expand_as(features), weight)"),
    "sides exchanged": (PRODUCT, f"{PRODUCT}.transpose(2, 3).reshape(len(features), -1, *features.shape[2:])"),
    "cut at zero": (PRODUCT, f"{PRODUCT}.clamp_min(0)"),
    "softmax": (PRODUCT, f"{PRODUCT}.softmax(1)"),
    "without bias": (LOGITS, "maps.mean((2, 3))"),
    "the largest place decides": (LOGITS, "maps.amax((2, 3)) + bias"),
    "bias is drawn": (CHOSEN, f"(maps + bias[:, None, None]){CHOSEN.removeprefix('maps')}"),
    "not cut": (".clamp_min(0)", ""),
    "stretched": (".clamp_min(0)", "\n    speaks = speaks - speaks.amin((1, 2), keepdim=True)"),
    "one scale for all": ("speaks.amax((1, 2), keepdim=True)", "speaks.max()"),
    "NaN": ("largest.where(largest > 0, 1)", "largest"),
}
