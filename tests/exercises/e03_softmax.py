"""Answers to exercise 03: a right one in another style, and plausible wrong ones."""

import numpy as np
from scipy.special import log_softmax
from scipy.special import softmax as softmax_of_scipy


def softmax__right_by_scipy(logits: np.ndarray) -> np.ndarray:
    return softmax_of_scipy(logits, axis=1)


def cross_entropy__right_by_scipy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.take_along_axis(log_softmax(logits, axis=1), labels[:, None], axis=1).mean())


def softmax__wrong_no_shift(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def softmax__wrong_axis(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum(axis=0)


def softmax__wrong_one_maximum_for_all_rows(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy__wrong_log_of_a_probability(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(softmax_of_scipy(logits, axis=1)[np.arange(len(labels)), labels]).mean())


def cross_entropy__wrong_sum(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].sum())


def cross_entropy__wrong_mean_over_all_classes(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-log_softmax(logits, axis=1).mean())
