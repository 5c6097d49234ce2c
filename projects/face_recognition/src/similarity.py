"""How alike two faces are, for embeddings of any length."""

import numpy as np


def similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """1 - d² / 2, where d is the distance of two embeddings; along the last axis, float64.

    Of embeddings of length one this is the cosine. dlib's are of other lengths and meant to be compared by distance:
    its limit of 0.6 for the same person is a similarity of 0.82.
    """
    difference = np.asarray(first, np.float64) - second
    result: np.ndarray = 1 - (difference**2).sum(-1) / 2
    return result
