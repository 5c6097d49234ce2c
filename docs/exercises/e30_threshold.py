"""Exercise 30, level 2: a threshold between "same person" and "different", chosen without the test split, in NumPy.

After projects/face_recognition/notebooks/exploration.ipynb.
"""

import numpy as np


def threshold_for(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    """The lowest threshold that accepts at most this share of the pairs of different people.

    A pair is accepted if its similarity is above (not at) the threshold. Return one of the similarities of
    different people.

    Args:
        similarities: float64 [N], of pairs.
        same: bool [N], whether a pair shows one person; both kinds occur.
        false_accept: the largest share of accepted pairs of different people, between 0 and 1.
    """
    raise NotImplementedError("your turn")


def measure(
    validation: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], false_accept: float
) -> tuple[float, float]:
    """The shares of false accepts and false rejects on the test split, at a threshold chosen on the validation split.

    Args:
        validation: similarities and whether each pair is the same person, as above.
        test: likewise.
        false_accept: as above.
    """
    raise NotImplementedError("your turn")
