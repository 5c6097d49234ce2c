"""Answers to exercise 30: right ones in another style, and plausible wrong ones."""

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


def threshold_for__wrong_interpolated(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    return float(np.quantile(similarities[~same], 1 - false_accept))


def threshold_for__wrong_all_pairs(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    ranked = np.sort(similarities)
    return float(ranked[len(ranked) - 1 - int(false_accept * len(ranked))])


def threshold_for__wrong_share_of_all_pairs(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    different = np.sort(similarities[~same])
    return float(different[len(different) - 1 - int(false_accept * len(similarities))])


def threshold_for__wrong_same_people(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    ranked = np.sort(similarities[same])
    return float(ranked[int(false_accept * len(ranked))])


def threshold_for__wrong_lower_end(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    different = np.sort(similarities[~same])
    return float(different[int(false_accept * len(different))])


def threshold_for__wrong_one_too_strict(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    different = np.sort(similarities[~same])
    return float(different[min(len(different) - int(false_accept * len(different)), len(different) - 1)])


def threshold_for__wrong_rounded_up(similarities: np.ndarray, same: np.ndarray, false_accept: float) -> float:
    different = np.sort(similarities[~same])
    return float(different[len(different) - 1 - int(np.ceil(false_accept * len(different)))])


def measure__wrong_chosen_on_the_test_split(validation: Pairs, test: Pairs, false_accept: float) -> tuple[float, float]:
    return shares(threshold_for__right_by_trying_all(*test, false_accept), *test)


def measure__wrong_measured_on_the_validation_split(
    validation: Pairs, test: Pairs, false_accept: float
) -> tuple[float, float]:
    return shares(threshold_for__right_by_trying_all(*validation, false_accept), *validation)


def measure__wrong_at_the_threshold_is_accepted(
    validation: Pairs, test: Pairs, false_accept: float
) -> tuple[float, float]:
    threshold, (similarities, same) = threshold_for__right_by_trying_all(*validation, false_accept), test
    accepted = similarities >= threshold
    return float(np.mean(accepted[~same])), float(np.mean(~accepted[same]))


def measure__wrong_swapped(validation: Pairs, test: Pairs, false_accept: float) -> tuple[float, float]:
    return measure__right_by_trying_all(validation, test, false_accept)[::-1]


def measure__wrong_shares_of_all_pairs(validation: Pairs, test: Pairs, false_accept: float) -> tuple[float, float]:
    threshold, (similarities, same) = threshold_for__right_by_trying_all(*validation, false_accept), test
    accepted = similarities > threshold
    return float(np.mean(accepted & ~same)), float(np.mean(~accepted & same))
