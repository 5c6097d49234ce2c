"""Answers to exercise 01: right ones in another style, and plausible wrong ones."""

import numpy as np


def outer_difference__right_by_subtract_outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.subtract.outer(np.asarray(a, float), np.asarray(b, float))


def outer_difference__wrong_without_a_new_axis(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(float) - b.astype(float)


def outer_difference__wrong_rows_and_columns_swapped(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[None, :].astype(float) - b[:, None].astype(float)


def outer_difference__wrong_b_minus_a(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return b[None, :].astype(float) - a[:, None].astype(float)


def outer_difference__wrong_in_uint8(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, None] - b


def outer_difference__wrong_float_after_the_subtraction(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a[:, None] - b).astype(np.float64)


def outer_difference__wrong_absolute(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a[:, None].astype(float) - b.astype(float))


def outer_difference__wrong_int16(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, None].astype(np.int16) - b.astype(np.int16)
