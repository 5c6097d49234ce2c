"""The checks of exercise 14."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = "Loop over np.ndindex(point.shape); copy the point as float64; (function(up) - function(down)) / (2 * step)."

Function = Callable[[np.ndarray], float]
POINT = np.random.default_rng(0).normal(size=(2, 3))


def sum_of_exponentials(point: np.ndarray) -> float:
    return float(np.exp(2 * point).sum())


def right_formula(point: np.ndarray) -> np.ndarray:
    return 2 * np.exp(2 * point)


def gradient_at(exercise: ModuleType, function: Function, point: np.ndarray, step: float = 1e-5) -> np.ndarray:
    found: np.ndarray = exercise.numerical_gradient(function, point, step)
    what = f"numerical_gradient at a point of shape {point.shape}"
    expect_shape(found, point.shape, what, "one slope is computed for all numbers; each number has its own")
    return found


def error_of(exercise: ModuleType, function: Function, gradient: Callable[[np.ndarray], np.ndarray]) -> float:
    found: float = exercise.gradient_error(function, gradient, POINT.copy())
    mistake = "np.linalg.norm makes one number of all differences"
    expect(np.ndim(found) == 0, f"gradient_error has the shape {np.shape(found)}; expected one number", mistake)
    return found


def check_each_number_has_its_slope(exercise: ModuleType) -> None:
    found = gradient_at(exercise, sum_of_exponentials, POINT.copy())
    mistake = "all numbers move at once, or the difference is divided by step where the places are 2 * step apart"
    expect_close(found, right_formula(POINT), "the gradient of sum(exp(2 * point))", mistake, tolerance=1e-4)


def check_both_sides_count(exercise: ModuleType) -> None:
    found = gradient_at(exercise, lambda point: float((point**2).sum()), np.array([0.0, 3.0]), step=0.1)
    mistake = "only one side is measured: the error is then as large as the step; between both sides it is far smaller"
    expect_close(found, [0, 6], "the gradient of sum(point ** 2) with a step of 0.1", mistake, tolerance=1e-8)


def check_numbers_do_not_stay_moved(exercise: ModuleType) -> None:
    point = np.array([1.0, 2.0, 3.0])
    found = gradient_at(exercise, lambda point: float(np.prod(point)), point, step=0.1)
    expect(np.array_equal(point, [1, 2, 3]), f"the point has changed to {point}", "the caller's array was written to")
    mistake = "a number that has been moved is not moved back before the next one"
    expect_close(found, [6, 3, 2], "the gradient of the product of [1, 2, 3]", mistake)


def check_whole_numbers_may_be_moved_by_a_fraction(exercise: ModuleType) -> None:
    found = gradient_at(exercise, lambda point: float((point**2).sum()), np.array([1, 2]))
    mistake = "1 + 0.00001 in an int64 array is 1 again; the copy has to be float64"
    expect_close(found, [2, 4], "the gradient at whole numbers", mistake)


def check_a_right_formula_has_no_error(exercise: ModuleType) -> None:
    found = error_of(exercise, sum_of_exponentials, right_formula)
    expect_close(found, 0, "the error of the right formula", "the measurement itself is wrong", 1e-4)


def check_a_wrong_formula_has_a_large_one(exercise: ModuleType) -> None:
    for factor, expected in ((-1.0, 1.0), (0.0, 1.0), (3.0, 0.5)):
        wrong = lambda point, factor=factor: factor * right_formula(point)  # noqa: E731
        found = error_of(exercise, sum_of_exponentials, wrong)
        mistake = "a sign is lost, or the sum of the norms is not the norm of the sum"
        expect_close(found, expected, f"the error of {factor:g} times the right formula", mistake, 1e-4)


def check_size_does_not_matter(exercise: ModuleType) -> None:
    small, half = lambda point: 1e-4 * sum_of_exponentials(point), lambda point: 0.5e-4 * right_formula(point)
    found = error_of(exercise, small, half)
    expect_close(found, 1 / 3, "the error of half a small gradient", "the difference is not divided by the size", 1e-4)


def check_no_slope_and_no_error(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        found = error_of(exercise, lambda point: 1.0, np.zeros_like)  # noqa: ARG005
    expect_close(found, 0, "the error where both gradients are zero", "0 / 0 is NaN")
