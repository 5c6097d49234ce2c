"""Answers to exercise 10: right ones in another style, and plausible wrong ones."""

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


def confusion__wrong_repeated_pairs_count_once(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    counts = np.zeros((classes, classes), np.int64)
    counts[labels, predictions] += 1
    return counts


def confusion__wrong_transposed(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    return confusion__right_by_counting_pairs(predictions, labels, classes)


def confusion__wrong_only_classes_that_occur(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    found = np.union1d(labels, predictions)
    return np.array([[((labels == row) & (predictions == column)).sum() for column in found] for row in found])


def rates__wrong_exchanged(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rates__right_by_nan_to_num(counts.T)


def rates__wrong_nan(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    precision, recall = np.diag(counts) / counts.sum(axis=0), np.diag(counts) / counts.sum(axis=1)
    return precision, recall, 2 * precision * recall / (precision + recall)


def rates__wrong_f1_is_the_mean(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    precision, recall, _ = rates__right_by_nan_to_num(counts)
    return precision, recall, (precision + recall) / 2


def rates__wrong_divided_by_all(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    _, recall, f1 = rates__right_by_nan_to_num(counts)
    return np.diag(counts) / counts.sum(), recall, f1


def roc_area__wrong_equal_counts_nothing(positive: np.ndarray, scores: np.ndarray) -> float:
    return float((scores[positive][:, None] > scores[~positive]).mean())


def roc_area__wrong_equal_counts_fully(positive: np.ndarray, scores: np.ndarray) -> float:
    return float((scores[positive][:, None] >= scores[~positive]).mean())


def roc_area__wrong_accuracy(positive: np.ndarray, scores: np.ndarray) -> float:
    return float(((scores > 0.5) == positive).mean())


def roc_area__wrong_never_below_half(positive: np.ndarray, scores: np.ndarray) -> float:
    area = roc_area__right_by_ranks(positive, scores)
    return max(area, 1 - area)


def roc_area__wrong_all_pairs(positive: np.ndarray, scores: np.ndarray) -> float:
    differences = scores[positive][:, None] - scores
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())
