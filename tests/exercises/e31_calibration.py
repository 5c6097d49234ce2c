"""Answers to exercise 31: a right one in another style, and edits of the solution that make it wrong."""

import numpy as np


def calibration_error__right_bin_by_bin(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    total = 0.0
    for number in range(bins):
        inside = (confidences > number / bins) & (confidences <= (number + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(confidences[inside].mean() - right[inside].mean())
    return float(total)


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
