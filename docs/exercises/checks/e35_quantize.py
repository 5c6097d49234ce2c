"""The checks of exercise 35."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = (
    "np.abs(values).max(axis=1) / 127 is the scale, 1 where it would be zero; np.rint rounds. "
    "Before the product of integers: astype(np.int32). The result has two scales, one of its row and one of its column."
)

VALUES = np.random.default_rng(0).normal(0, 1, (8, 64)).astype(np.float32)
VALUES[1] *= 100  # a row of large weights must not make the others coarse
VALUES[2] = -np.abs(VALUES[2])  # no value of this row is positive
INPUTS = np.random.default_rng(1).normal(0, 1, (5, 64)).astype(np.float32)


def check_integers_and_scales_have_their_types(exercise: ModuleType) -> None:
    integers, scales = exercise.quantize(VALUES.copy())
    expect_shape(integers, (8, 64), "the integers of values [8, 64]")
    expect_shape(scales, (8,), "the scales of values [8, 64]", "one scale for all rows, or one for each column")
    expect(integers.dtype == np.int8, f"the integers have the type {integers.dtype}; expected int8")


def check_scales_are_the_largest_absolute_value_over_127(exercise: ModuleType) -> None:
    _, scales = exercise.quantize(VALUES.copy())
    expected = np.abs(VALUES).max(axis=1) / 127
    expect_close(scales, expected, "the scales", "the largest value in place of the largest absolute value, or 128")


def check_integers_are_rounded_to_the_nearest(exercise: ModuleType) -> None:
    integers, _ = exercise.quantize(np.array([[127, 1.7, -1.7, -127, 0.4]], np.float32))
    expect_close(integers, [[127, 2, -2, -127, 0]], "the integers of [127, 1.7, -1.7, -127, 0.4]", "astype cuts off")


def check_a_row_of_zeros_stays_finite(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        integers, scales = exercise.quantize(np.array([[0, 0, 0], [1, 2, 3]], np.float32))
    expect_close(integers[0], [0, 0, 0], "the integers of a row of zeros", "a division by zero")
    usable = bool(np.isfinite(scales[0]) and scales[0] > 0)
    expect(usable, f"the scale of a row of zeros is {scales[0]}; expected a finite number above zero")


def check_values_come_back_within_half_a_step(exercise: ModuleType) -> None:
    scales = np.abs(VALUES).max(axis=1) / 127
    integers = np.rint(VALUES / scales[:, None]).astype(np.int8)
    found = exercise.dequantize(integers, scales.astype(np.float32))
    expect_shape(found, (8, 64), "dequantize(integers [8, 64], scales [8])")
    steps = np.abs(found - VALUES) / scales[:, None]
    problem = f"the values that come back are up to {steps.max():.3g} steps away; expected at most half a step"
    expect(steps.max() < 0.501, problem, "the scales are not multiplied row by row")


def check_the_product_is_nearly_that_of_floats(exercise: ModuleType) -> None:
    scales = (np.abs(VALUES).max(axis=1) / 127).astype(np.float32)
    integers = np.rint(VALUES / scales[:, None]).astype(np.int8)
    found = exercise.linear(INPUTS.copy(), integers, scales)
    expect_shape(found, (5, 8), "linear(inputs [5, 64], integers [8, 64], scales [8])", "the weights are transposed")
    expected = INPUTS @ VALUES.T
    size = np.abs(INPUTS).max(1)[:, None] * np.abs(VALUES).max(1) * 64**0.5  # of an output, roughly
    error = float(np.max(np.abs(found - expected) / size))
    mistake = "int8 @ int8 stays int8 and overflows, or one of the two scales is missing"
    expect(error < 0.01, f"an output is {error:.1%} of its range away from inputs @ weights.T; expected < 1%", mistake)


def check_the_inputs_are_in_eight_bits_too(exercise: ModuleType) -> None:
    inputs = np.array([[1.0, 0.001]], np.float32)  # 0.001 is less than half a step, 1 / 254
    found = exercise.linear(inputs, np.array([[0, 127]], np.int8), np.ones(1, np.float32))
    expect_close(found, [[0]], "linear([[1, 0.001]], [[0, 127]], [1])", "the inputs were not quantized")


def check_long_rows_do_not_overflow(exercise: ModuleType) -> None:
    found = exercise.linear(np.ones((1, 4096), np.float32), np.full((1, 4096), 127, np.int8), np.ones(1, np.float32))
    mistake = "the sum does not fit into 16 bits; use int32"
    expect_close(found, [[127 * 4096]], "linear of 4,096 ones with 4,096 weights of 127", mistake, 1e-5)
