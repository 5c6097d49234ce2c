"""Answers to exercise 37: right ones in another style, and plausible wrong ones."""

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


def class_maps__wrong_averaged_first(features: Tensor, weight: Tensor) -> Tensor:
    return conv2d(features.mean((2, 3), keepdim=True), weight[:, :, None, None]).expand(-1, -1, *features.shape[2:])


def class_maps__wrong_sides_exchanged(features: Tensor, weight: Tensor) -> Tensor:
    return conv2d(features, weight[:, :, None, None]).transpose(2, 3).reshape(len(features), -1, *features.shape[2:])


def class_maps__wrong_cut_at_zero(features: Tensor, weight: Tensor) -> Tensor:
    return conv2d(features, weight[:, :, None, None]).clamp_min(0)


def class_maps__wrong_softmax(features: Tensor, weight: Tensor) -> Tensor:
    return conv2d(features, weight[:, :, None, None]).softmax(1)


def _heat(maps: Tensor, chosen: Tensor, least: float = 0.0) -> Tensor:
    speaks = maps[torch.arange(len(maps)), chosen].clamp_min(least)
    return speaks / speaks.amax((1, 2), keepdim=True).clamp_min(1e-9)


def heat__wrong_without_bias(maps: Tensor, bias: Tensor) -> Tensor:
    return _heat(maps, maps.mean((2, 3)).argmax(1))


def heat__wrong_largest_place_decides(maps: Tensor, bias: Tensor) -> Tensor:
    return _heat(maps, (maps.amax((2, 3)) + bias).argmax(1))


def heat__wrong_bias_is_drawn(maps: Tensor, bias: Tensor) -> Tensor:
    return _heat(maps + bias[:, None, None], (maps.mean((2, 3)) + bias).argmax(1))


def heat__wrong_not_cut(maps: Tensor, bias: Tensor) -> Tensor:
    return _heat(maps, (maps.mean((2, 3)) + bias).argmax(1), -1e9)


def heat__wrong_stretched(maps: Tensor, bias: Tensor) -> Tensor:
    one = maps[torch.arange(len(maps)), (maps.mean((2, 3)) + bias).argmax(1)]
    one = one - one.amin((1, 2), keepdim=True)
    return one / one.amax((1, 2), keepdim=True).clamp_min(1e-9)


def heat__wrong_one_scale_for_all(maps: Tensor, bias: Tensor) -> Tensor:
    speaks = maps[torch.arange(len(maps)), (maps.mean((2, 3)) + bias).argmax(1)].clamp_min(0)
    return speaks / speaks.max().clamp_min(1e-9)


def heat__wrong_nan(maps: Tensor, bias: Tensor) -> Tensor:
    speaks = maps[torch.arange(len(maps)), (maps.mean((2, 3)) + bias).argmax(1)].clamp_min(0)
    return speaks / speaks.amax((1, 2), keepdim=True)
