"""The checks of exercise 37."""

from types import ModuleType

import torch
from expect import expect_close, expect_shape

HINT = (
    "class_maps is a linear layer at each place: torch.einsum('ndhw,cd->nchw', ...), or a convolution with kernels of "
    "1x1. For heat: the logits [N, classes] are the means over h and w plus the bias; take the map of the largest with "
    "maps[torch.arange(N), label], then clamp_min(0), then divide each photo by its own largest value, if it has one."
)

GENERATOR = torch.Generator().manual_seed(0)
FEATURES = torch.randn(5, 6, 3, 4, generator=GENERATOR)
WEIGHT, BIAS = torch.randn(2, 6, generator=GENERATOR), torch.tensor([0.0, 0.3])
MAPS = torch.nn.functional.conv2d(FEATURES, WEIGHT[:, :, None, None])


def check_shapes(exercise: ModuleType) -> None:
    found = exercise.class_maps(FEATURES, WEIGHT)
    expect_shape(found, (5, 2, 3, 4), "class_maps(features [5, 6, 3, 4], weight [2, 6])", "a map for each class")
    expect_shape(exercise.heat(MAPS, BIAS), (5, 3, 4), "heat(maps [5, 2, 3, 4], bias [2])", "one map for each photo")


def check_the_mean_of_a_map_is_the_logit_without_the_bias(exercise: ModuleType) -> None:
    expected = FEATURES.mean((2, 3)) @ WEIGHT.T
    mistake = "the last layer is linear: do not cut off, scale or normalize anything on the way"
    expect_close(exercise.class_maps(FEATURES, WEIGHT).mean((2, 3)), expected, "the means of the maps", mistake, 1e-5)


def check_each_place_speaks_for_itself(exercise: ModuleType) -> None:
    features = torch.zeros(1, 6, 3, 4)
    features[0, :, 1, 2] = 1
    expected = torch.zeros(2, 3, 4)
    expected[:, 1, 2] = WEIGHT.sum(1)
    mistake = "features are averaged over the photo before the last layer reads them, or h and w are exchanged"
    expect_close(exercise.class_maps(features, WEIGHT)[0], expected, "with one place that is not 0, the map", mistake)


def check_the_likeliest_class_is_drawn(exercise: ModuleType) -> None:
    maps = torch.zeros(1, 2, 2, 2)
    maps[0, 0], maps[0, 1, 0, 0] = 1.0, 2.0  # a mean of 1, and one of 0.5 with the largest value
    mistake = "the class with the highest mean, not that with the largest value at one place"
    expect_close(exercise.heat(maps, torch.zeros(2))[0], torch.ones(2, 2), "class 0 speaks everywhere: heat", mistake)
    expected = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    mistake = "the bias is a part of the logit that decides on the class, and no part of what is drawn"
    expect_close(exercise.heat(maps, torch.tensor([0.0, 1.0]))[0], expected, "a bias of 1 for class 1: heat", mistake)


def check_what_speaks_against_the_class_is_zero(exercise: ModuleType) -> None:
    maps = torch.tensor([[[[4.0, -2.0], [2.0, 0.0]]]])
    expected = torch.tensor([[1.0, 0.0], [0.5, 0.0]])
    mistake = "cut at 0 first, then divide by the largest value; do not stretch from the smallest to the largest"
    expect_close(exercise.heat(maps, torch.zeros(1))[0], expected, "of [[4, -2], [2, 0]]: heat", mistake)


def check_each_photo_has_its_own_scale(exercise: ModuleType) -> None:
    maps = torch.tensor([[[[1.0, 0.0]]], [[[10.0, 5.0]]]])
    expected = torch.tensor([[[1.0, 0.0]], [[1.0, 0.5]]])
    mistake = "divide each photo by its own largest value, not all by one"
    expect_close(exercise.heat(maps, torch.zeros(1)), expected, "of two photos, one ten times as loud: heat", mistake)


def check_where_nothing_speaks_for_the_class_all_is_zero(exercise: ModuleType) -> None:
    maps = torch.full((1, 2, 2, 2), -1.0)
    mistake = "0 / 0 is NaN: divide only where the largest value is above 0"
    expect_close(exercise.heat(maps, BIAS)[0], torch.zeros(2, 2), "where all maps are -1: heat", mistake)
