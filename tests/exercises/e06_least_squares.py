"""Answers to exercise 06: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def fit__right_by_centering_and_pseudo_inverse(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    weights = np.linalg.pinv(features - features.mean(axis=0)) @ (targets - targets.mean())
    return np.append(weights, targets.mean() - features.mean(axis=0) @ weights)


def predict__right_in_a_loop(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.array([sum(a * b for a, b in zip([*row, 1], weights, strict=True)) for row in features])


def r2__right_by_variance(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(1 - np.square(predictions - targets).mean() / targets.var())


SOLVED = "np.linalg.lstsq(table, targets, rcond=None)[0]"
R2 = "1 - ((targets - predictions) ** 2).sum() / ((targets - targets.mean()) ** 2).sum()"
MISTAKES = {
    "no bias in fit": (SOLVED, "np.append(np.linalg.lstsq(features, targets, rcond=None)[0], 0)"),
    "bias forgotten": ("lstsq(table", "lstsq(features"),
    "bias first": ("[features, np.ones((len(features), 1))]", "[np.ones((len(features), 1)), features]"),
    "inverse": (SOLVED, "np.linalg.inv(table.T @ table) @ table.T @ targets"),
    "no bias in predict": (" + weights[-1]", ""),
    "column": ("weights[:-1] +", "weights[:-1, None] +"),
    "exchanged": ("targets - targets.mean()", "predictions - predictions.mean()"),
    "squared correlation": (R2, "np.corrcoef(targets, predictions)[0, 1] ** 2"),
    "share that is left": ("float(1 - ", "float("),
}
