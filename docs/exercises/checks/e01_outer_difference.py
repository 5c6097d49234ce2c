"""The checks of exercise 01."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = "a[:, None] has the shape [N, 1] and b[None, :] the shape [1, M]; turn both into float64 before you subtract."


def check_the_result_has_a_row_for_each_value_of_a(exercise: ModuleType) -> None:
    try:
        found = exercise.outer_difference(np.arange(4.0), np.arange(3.0))
    except ValueError as error:
        raise AssertionError(
            f"a [4] and b [3] give: {error}. Likely: a - b without a new axis: try a[:, None]"
        ) from None
    mistake = "a gives the rows, so a[:, None]; b gives the columns, so b[None, :]"
    expect_shape(found, (4, 3), "outer_difference of a [4] and b [3]", mistake)


def check_each_difference_is_a_minus_b(exercise: ModuleType) -> None:
    found = exercise.outer_difference(np.array([10.0, 20.0]), np.array([1.0, 2.0, 30.0]))
    expected = [[9, 8, -20], [19, 18, -10]]
    expect_close(found, expected, "outer_difference([10, 20], [1, 2, 30])", "b - a, or a sign that got lost")


def check_arrays_of_one_length_give_a_square(exercise: ModuleType) -> None:
    values = np.array([1.0, 2.0, 4.0])
    found = exercise.outer_difference(values, values)
    expect_shape(found, (3, 3), "outer_difference of a [3] and b [3]", "a - b without a new axis is [3]")
    expect_close(
        found, [[0, -1, -3], [1, 0, -2], [3, 2, 0]], "outer_difference([1, 2, 4], [1, 2, 4])", "b - a in place of a - b"
    )


def check_gray_values_do_not_wrap_around(exercise: ModuleType) -> None:
    found = exercise.outer_difference(np.array([3, 200], np.uint8), np.array([5], np.uint8))
    expect_shape(found, (2, 1), "outer_difference of a [2] and b [1]", "a - b without a new axis")
    mistake = "uint8 holds 0 to 255 only: turn a and b into float64 before the subtraction, not after it"
    expect_close(found, [[-2], [195]], "outer_difference([3, 200], [5]) of uint8", mistake)
    dtype = np.asarray(found).dtype
    expect(dtype == np.float64, f"outer_difference of uint8 arrays has the dtype {dtype}; expected float64")
