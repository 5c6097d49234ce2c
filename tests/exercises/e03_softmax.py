"""Answers to exercise 03: a right one in another style, and edits of the solution that make it wrong."""

import numpy as np
from scipy.special import log_softmax
from scipy.special import softmax as softmax_of_scipy


def softmax__right_by_scipy(logits: np.ndarray) -> np.ndarray:
    return softmax_of_scipy(logits, axis=1)


def cross_entropy__right_by_scipy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.take_along_axis(log_softmax(logits, axis=1), labels[:, None], axis=1).mean())


MISTAKES = {
    "no shift": ("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)"),
    "axis": ("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=0)"),
    "one maximum for all rows": ("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits - logits.max())"),
    "log of a probability": (
        "np.log(np.exp(shifted).sum(axis=1)) - of_the_right",
        "-np.log(softmax(logits)[np.arange(len(labels)), labels])",
    ),
    "sum": ("- of_the_right).mean()", "- of_the_right).sum()"),
    "mean over all classes": ("shifted[np.arange(len(labels)), labels]", "shifted.mean(axis=1)"),
}
