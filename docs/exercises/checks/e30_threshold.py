from types import ModuleType

import numpy as np
import pytest


def pairs(seed: int, count: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    same = np.arange(count) % 2 == 0
    return random.normal(np.where(same, 0.8, 0.3), 0.15), same


@pytest.mark.parametrize("rate", [0.0, 0.0055, 0.01, 0.013, 0.1])
def test_it_is_the_lowest_that_keeps_the_promise(exercise: ModuleType, rate: float) -> None:
    similarities, same = pairs(0)
    different = np.sort(similarities[~same])
    found = exercise.threshold_for(similarities, same, rate)
    assert (different > found).mean() <= rate
    below = different[np.searchsorted(different, found) - 1]
    assert (different > below).mean() > rate, "the next lower one would accept too many"


def test_the_pairs_of_the_same_person_do_not_move_it(exercise: ModuleType) -> None:
    similarities, same = pairs(0)
    other = np.where(same, similarities - 10, similarities)
    assert exercise.threshold_for(similarities, same, 0.01) == exercise.threshold_for(other, same, 0.01)


def test_the_test_split_is_measured_at_the_validation_splits_threshold(exercise: ModuleType) -> None:
    validation, test = pairs(0), pairs(1)
    threshold = exercise.threshold_for(*validation, 0.05)
    accepts, rejects = exercise.measure(validation, test, 0.05)
    similarities, same = test
    assert accepts == pytest.approx((similarities[~same] > threshold).mean())
    assert rejects == pytest.approx((similarities[same] <= threshold).mean())


def test_a_pair_at_the_threshold_is_not_accepted(exercise: ModuleType) -> None:
    validation = pairs(0)
    threshold = exercise.threshold_for(*validation, 0.05)
    test = np.array([threshold, threshold]), np.array([True, False])
    assert exercise.measure(validation, test, 0.05) == (0.0, 1.0)
