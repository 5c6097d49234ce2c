"""Exercise 8: does a network that is 90 % sure err in one of ten cases? NumPy alone."""

import numpy as np


def calibration_error(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """The expected calibration error (Guo et al. 2017).

    The confidences are sorted into bins of equal width between 0 and 1; bin k holds those above k / bins and up to and
    including (k + 1) / bins. In each bin that holds any, the mean confidence should be the share of right answers. The
    error is the mean of the absolute differences, each bin weighted by how many answers it holds.

    Args:
        confidences: float64 [N], the probability of the answered class, above 0 and up to 1.
        right: bool [N], whether the answer was right.
    """
    raise NotImplementedError("your turn")
