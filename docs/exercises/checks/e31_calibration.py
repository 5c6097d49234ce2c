"""The checks of exercise 31."""

from types import ModuleType

import numpy as np
from expect import expect_close
from sklearn.calibration import calibration_curve

HINT = (
    "np.searchsorted(edges, confidences, side='left') - 1 is the bin of each confidence. For each bin that is not "
    "empty: abs(mean confidence - share of correct predictions), times the number of predictions in it, over N."
)


def check_calibrated_predictions_have_none(exercise: ModuleType) -> None:
    found = exercise.calibration_error(np.repeat(0.75, 8), np.arange(8) < 6)
    mistake = "a difference for each prediction; the means of a bin are compared"
    expect_close(found, 0, "eight predictions with a confidence of 0.75, six of them right: the error", mistake)


def check_one_that_is_always_sure_and_never_right_has_the_most(exercise: ModuleType) -> None:
    found = exercise.calibration_error(np.ones(5), np.zeros(5, bool))
    mistake = "a confidence of exactly 1 belongs to the last bin; the sum is divided by N"
    expect_close(found, 1, "five predictions with a confidence of 1, none right: the error", mistake)


def check_bins_are_weighted_by_what_they_hold(exercise: ModuleType) -> None:
    confidences, right = np.array([0.95, 0.95, 0.95, 0.55]), np.array([True, True, True, False])
    mistake = "a mean or a maximum over bins, or no abs(); weigh each bin by the number of its predictions"
    found = exercise.calibration_error(confidences, right)
    expect_close(found, 0.75 * 0.05 + 0.25 * 0.55, "three predictions in one bin, one in another: the error", mistake)


def check_it_equals_that_of_scikit_learn(exercise: ModuleType) -> None:
    random = np.random.default_rng(0)
    confidences = random.uniform(0.01, 1, 500)
    right = random.random(500) < (1 + np.sin(20 * confidences)) / 2  # too sure here, not sure enough there
    for bins in (5, 10, 15):
        shares, means = calibration_curve(right, confidences, n_bins=bins)  # of the bins that are not empty
        counts = np.histogram(confidences, np.linspace(0, 1, bins + 1))[0]
        expected = np.average(np.abs(shares - means), weights=counts[counts > 0])
        found = exercise.calibration_error(confidences.copy(), right.copy(), bins)
        mistake = "the bins are not of equal width between 0 and 1, `bins` is not used, or a sum is not divided by N"
        expect_close(found, expected, f"500 predictions in {bins} bins: the error", mistake)


def check_an_edge_belongs_to_the_bin_below(exercise: ModuleType) -> None:
    found = exercise.calibration_error(np.array([0.5, 0.45]), np.array([True, False]))
    mistake = "0.5 belongs to the bin above 0.4 up to and including 0.5"
    expect_close(found, 0.025, "confidences 0.5 (right) and 0.45 (wrong): the error", mistake)
