"""Exercise 10: where to draw the line between "same person" and "different", and where not to look. NumPy alone."""

import numpy as np


def threshold_for(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    """The lowest threshold that accepts at most this share of the pairs of different people.

    A pair is accepted if its similarity is above (not at) the threshold. Take one of the similarities of different
    people as threshold, so that no other number has to be made up.

    Args:
        similarities: float64 [N], of pairs.
        same: bool [N], whether a pair shows one person; there are some of either kind.
        false_accept: between 0 and 1.
    """
    raise NotImplementedError("your turn")


def measure(
    validation: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], false_accept: float
) -> tuple[float, float]:
    """The shares of false accepts and of false rejects on the test split, at a threshold that has not seen it.

    Args:
        validation: similarities and whether each pair is the same person, as above.
        test: likewise.
    """
    raise NotImplementedError("your turn")
