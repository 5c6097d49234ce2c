"""Answers to exercise 14: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def numerical_gradient__right_by_unit_vectors(function, point, step=1e-5):
    units = np.eye(point.size).reshape(-1, *point.shape)
    slopes = [function(point + step * unit) - function(point - step * unit) for unit in units]
    return np.array(slopes).reshape(point.shape) / (2 * step)


def gradient_error__right_by_sums(function, gradient, point):
    measured, computed = numerical_gradient__right_by_unit_vectors(function, point), np.asarray(gradient(point))
    lengths = [float((values**2).sum()) ** 0.5 for values in (measured - computed, measured, computed)]
    return lengths[0] / max(lengths[1] + lengths[2], 1e-300)


MISTAKES = {
    "one side": ("function(down)) / (2 * step)", "function(point)) / step"),
    "divided by one step": ("/ (2 * step)", "/ step"),
    "all at once": ("up[place] += step\n        down[place] -= step", "up += step\n        down -= step"),
    "not moved back": (
        "for place in np.ndindex(point.shape):\n        up, down = point.astype(np.float64), point.astype(np.float64)",
        "up, down = point.astype(np.float64), point.astype(np.float64)\n    for place in np.ndindex(point.shape):",
    ),
    "writes to the point": ("up, down = point.astype(np.float64)", "up, down = point"),
    "whole numbers stay": ("point.astype(np.float64), point.astype(np.float64)", "point.copy(), point.copy()"),
    "rows in place of numbers": ("np.ndindex(point.shape)", "range(len(point))"),
    "error not divided": (" / size) if size else 0.0", ")"),
    "norm of the sum": ("np.linalg.norm(measured) + np.linalg.norm(computed)", "np.linalg.norm(measured + computed)"),
    "nothing by nothing": (" if size else 0.0", ""),
    "signs lost": ("np.linalg.norm(measured - computed)", "abs(np.linalg.norm(measured) - np.linalg.norm(computed))"),
}
