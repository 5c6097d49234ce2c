"""The checks of exercise 04."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = (
    "Split both sides: image.reshape(rows, size, columns, size, C). Then transpose(0, 2, 1, 3, 4) puts rows and "
    "columns first, and a last reshape makes one axis of the two. The way back is the same in the other order."
)

IMAGE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
PATCHES = np.stack([IMAGE[y : y + 2, x : x + 2] for y in (0, 2) for x in (0, 2, 4)])


def check_an_image_of_4_x_6_has_six_patches_of_2_x_2(exercise: ModuleType) -> None:
    found = exercise.to_patches(IMAGE.copy(), 2)
    expect_shape(found, (6, 2, 2, 3), "to_patches of an image [4, 6, 3]", "4 / 2 rows of 6 / 2 patches are 6 patches")
    expect(found.dtype == np.uint8, f"the patches of a uint8 image have the dtype {found.dtype}; expected uint8")


def check_a_patch_is_a_square_of_the_image(exercise: ModuleType) -> None:
    found = exercise.to_patches(IMAGE.copy(), 2)
    mistake = "reshape alone takes the values in the order of the memory, so that a patch becomes a strip of one row"
    expect_close(found[0], PATCHES[0], "the first patch, image[:2, :2]", mistake)


def check_the_second_patch_lies_to_the_right_of_the_first(exercise: ModuleType) -> None:
    found = exercise.to_patches(IMAGE.copy(), 2)
    mistake = "the patches come column by column; rows must come before columns in the transpose"
    expect_close(found[1], PATCHES[1], "the second patch, image[:2, 2:4]", mistake)
    expect_close(found, PATCHES, "the patches of an image [4, 6, 3]", "the patches of the later rows")


def check_a_patch_is_not_mirrored(exercise: ModuleType) -> None:
    image = np.arange(16.0).reshape(4, 4, 1)
    found = exercise.to_patches(image, 4)
    expect_close(found[0], image, "the only patch, as large as its image", "rows and columns of the patch are swapped")


def check_patches_become_the_image_again(exercise: ModuleType) -> None:
    found = exercise.from_patches(PATCHES.copy(), 4, 6)
    expect_shape(found, (4, 6, 3), "from_patches of patches [6, 2, 2, 3], height 4 and width 6", "height is first")
    expect(found.dtype == np.uint8, f"the image of uint8 patches has the dtype {found.dtype}; expected uint8")
    mistake = "reshape alone puts one patch after the other; the axes [rows, columns, size, size] change places first"
    expect_close(found, IMAGE, "the image from its patches", mistake)


def check_larger_patches_become_an_image_too(exercise: ModuleType) -> None:
    image = np.random.default_rng(0).normal(size=(9, 6, 2))
    patches = np.stack([image[y : y + 3, x : x + 3] for y in (0, 3, 6) for x in (0, 3)])
    mistake = "a size that is written into the code, or height and width swapped"
    expect_close(exercise.to_patches(image.copy(), 3), patches, "the patches of 3 x 3 of an image [9, 6, 2]", mistake)
    expect_close(exercise.from_patches(patches, 9, 6), image, "the image [9, 6, 2] from patches of 3 x 3", mistake)
