"""The checks of exercise 27."""

from types import ModuleType

import numpy as np
import torch
from expect import expect_close, expect_shape
from torch.nn import functional as F

HINT = (
    "Pad with np.pad. For each row and column of the result, the window of all images is "
    "padded[:, :, top : top + height, left : left + width] with top = row * stride and left = column * stride. "
    "Multiply it with the weights of each feature and sum over channels, rows and columns."
)

RANDOM = np.random.default_rng(0)
IMAGES, WEIGHTS = RANDOM.normal(size=(2, 3, 9, 8)), RANDOM.normal(size=(4, 3, 3, 2))


def check_its_shape(exercise: ModuleType) -> None:
    found = exercise.convolve(IMAGES.copy(), WEIGHTS.copy())
    what, mistake = "convolve(images [2, 3, 9, 8], weights [4, 3, 3, 2])", "rows are height - window height + 1"
    expect_shape(found, (2, 4, 7, 7), what, mistake)
    found = exercise.convolve(IMAGES.copy(), WEIGHTS.copy(), 2, 1)
    expect_shape(found, (2, 4, 5, 5), f"{what} with stride 2, padding 1", "(height + 2 padding - window) // stride + 1")


def check_an_edge_is_found_where_it_is(exercise: ModuleType) -> None:
    image = np.zeros((1, 1, 3, 4))
    image[..., 2:] = 1
    found = exercise.convolve(image, np.array([[[[-1.0, 1.0]]]]))
    what = "an image dark on the left, with the weights [-1, 1]: the result"
    expect_close(found, [[[[0, 1, 0]] * 3]], what, "the window is flipped, or a mean in place of a sum")


def check_it_equals_that_of_pytorch(exercise: ModuleType) -> None:
    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            images, weights = torch.from_numpy(IMAGES), torch.from_numpy(WEIGHTS)
            expected = F.conv2d(images, weights, stride=stride, padding=padding)
            found = exercise.convolve(IMAGES.copy(), WEIGHTS.copy(), stride, padding)
            what = f"convolve(images, weights, stride={stride}, padding={padding})"
            if stride > 1:
                mistake = "the window moves by one pixel: it starts at row * stride"
            elif padding:
                mistake = "all four sides get zeros; not the axes of images and channels"
            else:
                mistake = "the sum runs over channels, rows and columns of the window, which is not flipped"
            expect_close(found, expected, what, mistake)
