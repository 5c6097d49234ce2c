"""Answers to exercise 31: a right one in another style, and plausible wrong ones."""

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


def calibration_error__wrong_mean_over_bins(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return float(np.mean([abs(gap) for _, gap in in_bins(confidences, right, bins)]))


def calibration_error__wrong_largest_gap(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return max(abs(gap) for _, gap in in_bins(confidences, right, bins))


def calibration_error__wrong_signs_cancel(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return abs(sum(count * gap for count, gap in in_bins(confidences, right, bins))) / len(confidences)


def calibration_error__wrong_always_ten_bins(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return calibration_error__right_bin_by_bin(confidences, right)


def calibration_error__wrong_each_prediction(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return float(np.abs(confidences - right).mean())


def calibration_error__wrong_edges_belong_above(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    bin_of = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [abs((confidences - right)[bin_of == number].sum()) for number in range(bins)]
    return float(sum(gaps) / len(confidences))


def calibration_error__wrong_a_confidence_of_one_is_lost(
    confidences: np.ndarray, right: np.ndarray, bins: int = 10
) -> float:
    total = 0.0
    for number in range(bins):
        inside = (confidences >= number / bins) & (confidences < (number + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(confidences[inside].mean() - right[inside].mean())
    return float(total)


def calibration_error__wrong_bins_of_equal_count(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    parts = np.array_split(np.argsort(confidences), bins)
    gaps = [len(part) * abs(confidences[part].mean() - right[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(confidences))


def calibration_error__wrong_not_divided(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    return sum(count * abs(gap) for count, gap in in_bins(confidences, right, bins))
