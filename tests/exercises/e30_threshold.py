"""Answers to exercise 30: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np

Pairs = tuple[np.ndarray, np.ndarray]


def threshold_for__right_by_trying_all(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    different = similarities[~same]
    return float(min(value for value in different if np.mean(different > value) <= false_accept))


def shares(threshold: float, similarities: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    accepted = similarities > threshold
    return float(np.mean(accepted[~same])), float(np.mean(~accepted[same]))


def measure__right_by_trying_all(validation: Pairs, test: Pairs, false_accept: float) -> tuple[float, float]:
    return shares(threshold_for__right_by_trying_all(*validation, false_accept), *test)


SHARES = "float(accepted[~same].mean()), float((~accepted[same]).mean())"
MISTAKES = {
    "interpolated": ("different[len(different) - 1 - accepted]", "np.quantile(different, 1 - false_accept)"),
    "all pairs": ("np.sort(similarities[~same])", "np.sort(similarities)"),
    "share of all pairs": ("false_accept * len(different)", "false_accept * len(similarities)"),
    "same people": ("np.sort(similarities[~same])", "-np.sort(-similarities[same])"),
    "lower end": ("different[len(different) - 1 - accepted]", "different[accepted]"),
    "one too strict": ("- 1 - accepted", "- max(accepted, 1)"),
    "rounded up": ("math.floor(false_accept * len(different) + 1e-9)", "math.ceil(false_accept * len(different))"),
    "chosen on the test split": ("threshold_for(*validation", "threshold_for(*test"),
    "measured on the validation split": ("similarities, same = test", "similarities, same = validation"),
    "at the threshold is accepted": ("similarities > threshold", "similarities >= threshold"),
    "swapped": (SHARES, "float((~accepted[same]).mean()), float(accepted[~same].mean())"),
    "shares of all pairs": (SHARES, "float((accepted & ~same).mean()), float((~accepted & same).mean())"),
}
