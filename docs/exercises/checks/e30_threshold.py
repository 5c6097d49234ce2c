"""The checks of exercise 30."""

from types import ModuleType

import numpy as np
from expect import describe, expect, expect_close

HINT = (
    "Sort the similarities of different people. How many of them may lie above the threshold? Cut that many off the "
    "upper end; the threshold is the largest that is left. measure: choose on validation, count on test."
)


def pairs(seed: int, count: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    same = np.arange(count) % 2 == 0
    return random.normal(np.where(same, 0.8, 0.3), 0.15), same


def check_it_is_the_lowest_that_keeps_the_promise(exercise: ModuleType) -> None:
    similarities, same = pairs(0)
    different = np.sort(similarities[~same])
    for rate in (0.0, 0.0055, 0.01, 0.013, 0.1):
        found = exercise.threshold_for(similarities.copy(), same.copy(), rate)
        what = f"threshold_for(..., false_accept={rate})"
        expect(np.ndim(found) == 0 and found is not None, f"{what} is {describe(found)}; expected a number")
        mistake = "the quantile is interpolated, or pairs of the same person are among those sorted"
        expect(bool(np.isin(found, different)), f"{what} is {found:.6g}, no similarity of different people", mistake)
        share = (different > found).mean()
        mistake = "one too many is cut off, or the share is taken from the wrong end"
        expect(share <= rate, f"{what} accepts {share:.4f} of the pairs of different people", mistake)
        below = (different > different[np.searchsorted(different, found) - 1]).mean()
        problem = f"{what} is too strict: the next lower similarity accepts {below:.4f}, which is allowed as well"
        expect(below > rate, problem, "a pair at the threshold is not accepted, so one more may be cut off")


def check_the_pairs_of_the_same_person_do_not_move_it(exercise: ModuleType) -> None:
    similarities, same = pairs(0)
    other = np.where(same, similarities - 10, similarities)
    found, expected = (exercise.threshold_for(values, same.copy(), 0.01) for values in (other, similarities))
    mistake = "the share is one of all pairs; it is one of the pairs of different people"
    expect_close(found, expected, "with other similarities of the same person, the threshold", mistake, tolerance=0)


def check_the_test_split_is_measured_at_the_validation_splits_threshold(exercise: ModuleType) -> None:
    validation, test = pairs(0), pairs(1)
    threshold = exercise.threshold_for(*validation, 0.05)
    found = exercise.measure(validation, test, 0.05)
    similarities, same = test
    expected = (similarities[~same] > threshold).mean(), (similarities[same] <= threshold).mean()
    mistake = "the threshold is chosen on the test split, the shares are swapped, or they are shares of all pairs"
    expect_close(found, expected, "measure(...): false accepts and false rejects", mistake)


def check_a_pair_at_the_threshold_is_not_accepted(exercise: ModuleType) -> None:
    validation = pairs(0)
    threshold = exercise.threshold_for(*validation, 0.05)
    test = np.array([threshold, threshold]), np.array([True, False])
    found = exercise.measure(validation, test, 0.05)
    mistake = ">= in place of >: a pair is accepted if it is above the threshold"
    expect_close(found, (0, 1), "two pairs at the threshold: false accepts and false rejects", mistake)
