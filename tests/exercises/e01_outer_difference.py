"""Answers to exercise 01: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def outer_difference__right_by_subtract_outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.subtract.outer(np.asarray(a, float), np.asarray(b, float))


DIFFERENCE = "a[:, None].astype(np.float64) - b[None, :].astype(np.float64)"
MISTAKES = {
    "no new axis": (DIFFERENCE, "a.astype(float) - b.astype(float)"),
    "rows and columns swapped": (DIFFERENCE, "a[None, :].astype(float) - b[:, None].astype(float)"),
    "b minus a": (DIFFERENCE, "b[None, :].astype(float) - a[:, None].astype(float)"),
    "in uint8": (DIFFERENCE, "a[:, None] - b"),
    "float after the subtraction": (DIFFERENCE, "(a[:, None] - b).astype(np.float64)"),
    "absolute": (DIFFERENCE, "np.abs(a[:, None].astype(float) - b.astype(float))"),
    "int16": (DIFFERENCE, "a[:, None].astype(np.int16) - b.astype(np.int16)"),
}
