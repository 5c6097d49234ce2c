"""Answers to exercise 10: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np
from scipy.stats import rankdata


def confusion__right_by_counting_pairs(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)


def rates__right_by_nan_to_num(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.errstate(all="ignore"):
        precision = np.nan_to_num(np.diag(counts) / counts.sum(axis=0))
        recall = np.nan_to_num(np.diag(counts) / counts.sum(axis=1))
        return precision, recall, np.nan_to_num(2 * precision * recall / (precision + recall))


def roc_area__right_by_ranks(positive: np.ndarray, scores: np.ndarray) -> float:
    """Mann and Whitney's statistic."""
    count, others = positive.sum(), (~positive).sum()
    return float((rankdata(scores)[positive].sum() - count * (count + 1) / 2) / (count * others))


MISTAKES = {
    "repeated pairs count once": ("np.add.at(counts, (labels, predictions), 1)", "counts[labels, predictions] += 1"),
    "transposed": ("(labels, predictions), 1", "(predictions, labels), 1"),
    "only classes that occur": (
        "return counts\n",
        "found = np.union1d(labels, predictions)\n    return counts[np.ix_(found, found)]\n",
    ),
    "exchanged": ("counts.sum(axis=1), counts.sum(axis=0)", "counts.sum(axis=0), counts.sum(axis=1)"),
    "NaN": ("right / np.maximum(predicted, 1), right / np.maximum(truth, 1)", "right / predicted, right / truth"),
    "F1 is the mean": ("2 * right / np.maximum(truth + predicted, 1)", "(precision + recall) / 2"),
    "divided by all": ("right / np.maximum(predicted, 1)", "right / counts.sum()"),
    "equal counts nothing": ("(differences > 0) + 0.5 * (differences == 0)", "differences > 0"),
    "equal counts fully": ("(differences > 0) + 0.5 * (differences == 0)", "differences >= 0"),
    "accuracy": ("((differences > 0) + 0.5 * (differences == 0))", "((scores > 0.5) == positive)"),
    "never below half": (
        "return float(((differences > 0) + 0.5 * (differences == 0)).mean())",
        "area = ((differences > 0) + 0.5 * (differences == 0)).mean()\n    return float(max(area, 1 - area))",
    ),
    "all pairs": ("- scores[~positive]", "- scores"),
}
