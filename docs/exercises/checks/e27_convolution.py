from types import ModuleType

import numpy as np
import pytest
import torch
from torch.nn import functional as F

RANDOM = np.random.default_rng(0)


def test_an_edge_is_found_where_it_is(exercise: ModuleType) -> None:
    image = np.zeros((1, 1, 3, 4))
    image[..., 2:] = 1
    found = exercise.convolve(image, np.array([[[[-1.0, 1.0]]]]))
    np.testing.assert_array_equal(found[0, 0], [[0, 1, 0]] * 3)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_it_is_that_of_pytorch(exercise: ModuleType, stride: int, padding: int) -> None:
    images, weights = RANDOM.normal(size=(2, 3, 9, 8)), RANDOM.normal(size=(4, 3, 3, 2))
    wanted = F.conv2d(torch.from_numpy(images), torch.from_numpy(weights), stride=stride, padding=padding)
    np.testing.assert_allclose(exercise.convolve(images, weights, stride, padding), wanted)
