"""Exercise 31, level 2: is a network with a confidence of 90 % right in nine of ten cases? In NumPy.

After projects/audio_classification/notebooks/exploration.ipynb.
"""

import numpy as np


def calibration_error(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """The expected calibration error (Guo et al. 2017).

    The confidences are sorted into bins of equal width between 0 and 1; bin k holds those above k / bins and up to and
    including (k + 1) / bins. In each bin that is not empty, the mean confidence should equal the share of correct
    predictions. The error is the mean of the absolute differences, weighted by the number of predictions in each bin.

    Args:
        confidences: float64 [N], the probability of the predicted class, above 0 and up to 1.
        right: bool [N], whether the prediction was correct.
        bins: number of bins.
    """
    raise NotImplementedError("your turn")
