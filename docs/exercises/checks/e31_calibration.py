from types import ModuleType

import numpy as np
import pytest
from sklearn.calibration import calibration_curve


def test_calibrated_predictions_have_none(exercise: ModuleType) -> None:
    confidences = np.repeat(0.75, 8)
    assert exercise.calibration_error(confidences, np.arange(8) < 6) == pytest.approx(0)


def test_one_that_is_always_sure_and_never_right_has_the_most(exercise: ModuleType) -> None:
    assert exercise.calibration_error(np.ones(5), np.zeros(5, bool)) == pytest.approx(1)


def test_bins_are_weighted_by_what_they_hold(exercise: ModuleType) -> None:
    confidences, right = np.array([0.95, 0.95, 0.95, 0.55]), np.array([True, True, True, False])
    assert exercise.calibration_error(confidences, right) == pytest.approx(0.75 * 0.05 + 0.25 * 0.55)


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_it_is_that_of_scikit_learn(exercise: ModuleType, bins: int) -> None:
    random = np.random.default_rng(0)
    confidences = random.uniform(0.01, 1, 500)
    right = random.random(500) < confidences**2
    shares, means = calibration_curve(right, confidences, n_bins=bins)  # of the bins that are not empty
    counts = np.histogram(confidences, np.linspace(0, 1, bins + 1))[0]
    wanted = np.average(np.abs(shares - means), weights=counts[counts > 0])
    assert exercise.calibration_error(confidences, right, bins) == pytest.approx(wanted)


def test_an_edge_belongs_to_the_bin_below(exercise: ModuleType) -> None:
    confidences, right = np.array([0.5, 0.45]), np.array([True, False])
    assert exercise.calibration_error(confidences, right) == pytest.approx(abs(0.95 - 1) / 2)
