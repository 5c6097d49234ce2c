"""Answers to exercise 31: a right one in another style, and edits of the solution that make it wrong."""

import numpy as np


def in_bins(confidences: np.ndarray, right: np.ndarray, bins: int) -> list[tuple[int, float]]:
    """Of each bin that is not empty, the number of predictions, and mean confidence minus share of correct ones."""
    found = []
    for number in range(bins):
        inside = (confidences > number / bins) & (confidences <= (number + 1) / bins)
        if inside.any():
            found.append((int(inside.sum()), float(confidences[inside].mean() - right[inside].mean())))
    return found


def calibration_error__right_bin_by_bin(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return sum(count * abs(gap) for count, gap in in_bins(confidences, right, bins)) / len(confidences)


TOTAL, GAPS = "sum(differences) / len(confidences)", ".sum()) for number in range(bins)"
BINS = 'np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)'
MISTAKES = {
    "mean over bins": (GAPS, ".mean()) for number in set(bin_of)", TOTAL, "np.mean(differences)"),
    "largest gap": (GAPS, ".mean()) for number in set(bin_of)", TOTAL, "max(differences)"),
    "signs cancel": ("[abs((", "[((", TOTAL, f"abs({TOTAL})"),
    "always ten bins": ("    edges =", "    bins = 10\n    edges ="),
    "each prediction": (TOTAL, "np.abs(confidences - right).mean()"),
    "edges belong above": ('side="left"', 'side="right"'),
    "a confidence of one is lost": (BINS, 'np.searchsorted(edges, confidences, side="right") - 1'),
    "bins of equal count": (BINS, "np.argsort(np.argsort(confidences)) * bins // len(confidences)"),
    "not divided": (TOTAL, "sum(differences)"),
}
