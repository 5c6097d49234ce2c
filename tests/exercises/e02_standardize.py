"""Answers to exercise 02: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def column_statistics__right_step_by_step(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = train.sum(axis=0) / len(train)
    deviation = np.sqrt(((train - mean) ** 2).sum(axis=0) / len(train))
    deviation[deviation == 0] = 1
    return mean, deviation


def standardize__right_column_by_column(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    columns = [(rows[:, i] - mean[i]) / deviation[i] for i in range(rows.shape[1])]
    return np.stack(columns, axis=1)


SAFE, RESULT = "np.where(deviation == 0, 1.0, deviation)", "(rows - mean) / deviation"
MISTAKES = {
    "axis": ("train.std(axis=0)", "train.std(axis=1)", "train.mean(axis=0)", "train.mean(axis=1)"),
    "of all values": (f"train.mean(axis=0), {SAFE}", "np.full_like(deviation, train.mean()), train.std()"),
    "n minus one": ("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
    "variance": ("train.std(axis=0)", "train.var(axis=0)"),
    "zero stays": (SAFE, "deviation"),
    "one is the least": (SAFE, "np.maximum(deviation, 1)"),
    "statistics of the rows": (RESULT, "(rows - rows.mean(axis=0)) / rows.std(axis=0)"),
    "in place": (f"return {RESULT}", "rows -= mean\n    rows /= deviation\n    return rows"),
    "no parentheses": (RESULT, "rows - mean / deviation"),
}
