"""The checks of exercise 02."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape

HINT = "mean(axis=0) and std(axis=0) run over the examples; np.where(deviation == 0, 1.0, deviation) keeps zeros away."

TRAIN = np.random.default_rng(0).normal([0, 10, -5], [1, 4, 0.1], (8, 3))
OTHER = np.random.default_rng(1).normal([1, 10, -5], [1, 4, 0.1], (5, 3))


def statistics(exercise: ModuleType, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two arrays that `column_statistics` gives."""
    found = exercise.column_statistics(rows)
    expect(isinstance(found, tuple) and len(found) == 2, "column_statistics gives two arrays: means, deviations")
    return found


def check_there_is_one_mean_and_one_deviation_a_column(exercise: ModuleType) -> None:
    mean, deviation = statistics(exercise, TRAIN.copy())
    mistake = "axis=0 runs over the 8 examples and leaves the 3 columns; axis=1 leaves the 8 examples"
    expect_shape(mean, (3,), "the mean of rows [8, 3]", mistake)
    expect_shape(deviation, (3,), "the deviation of rows [8, 3]", mistake)


def check_the_statistics_are_those_of_the_columns(exercise: ModuleType) -> None:
    mean, deviation = statistics(exercise, np.array([[1.0, 10.0], [3.0, 30.0]]))
    expect_close(mean, [2, 20], "the mean of [[1, 10], [3, 30]]", "the median, or the mean over all values")
    mistake = "ddof=1 divides by N - 1; the variance lacks a root"
    expect_close(deviation, [1, 10], "the deviation of [[1, 10], [3, 30]]", mistake)


def check_a_constant_column_has_the_deviation_1(exercise: ModuleType) -> None:
    _, deviation = statistics(exercise, np.array([[7.0, 1.0], [7.0, 3.0]]))
    mistake = "a constant column has the deviation 0, and 0 / 0 is not a number; only there it becomes 1"
    expect_close(deviation, [1, 1], "the deviation of [[7, 1], [7, 3]]", mistake)
    _, deviation = statistics(exercise, np.array([[7.0, 0.001], [7.0, 0.003]]))
    mistake = "a small deviation that is not 0 stays as it is; added constants and np.maximum change it"
    expect_close(deviation, [1, 0.001], "the deviation of [[7, 0.001], [7, 0.003]]", mistake)


def check_columns_end_with_mean_0_and_deviation_1(exercise: ModuleType) -> None:
    found = exercise.standardize(TRAIN.copy(), TRAIN.mean(0), TRAIN.std(0))
    expect_shape(found, (8, 3), "standardize of rows [8, 3]")
    expect_close(found.mean(axis=0), np.zeros(3), "the mean of the standardized columns", "the mean is not subtracted")
    expect_close(found.std(axis=0), np.ones(3), "the deviation of the standardized columns", "mean before division")


def check_other_rows_are_measured_by_the_statistics_given(exercise: ModuleType) -> None:
    found = exercise.standardize(OTHER.copy(), TRAIN.mean(0), TRAIN.std(0))
    mistake = "standardize uses the mean and deviation that it is given, not those of `rows`"
    expect_close(found, (OTHER - TRAIN.mean(0)) / TRAIN.std(0), "standardize(other rows, mean, deviation)", mistake)


def check_the_rows_given_do_not_change(exercise: ModuleType) -> None:
    rows = TRAIN.copy()
    exercise.standardize(rows, TRAIN.mean(0), TRAIN.std(0))
    expect_close(rows, TRAIN, "`rows` after the call", "`rows -= mean` writes into the caller's array")
