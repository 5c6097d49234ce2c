"""The checks of exercise 06."""

from types import ModuleType

import numpy as np
from expect import expect_close, expect_shape
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

HINT = "np.hstack([features, np.ones((len(features), 1))]), then np.linalg.lstsq(table, targets, rcond=None)[0]."

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(5, 1, (40, 3))
TARGETS = FEATURES @ [2.0, -1.0, 0.5] + 7 + RANDOM.normal(0, 0.5, 40)
WEIGHTS = np.array([2.0, -1.0, 0.5, 7.0])


def check_the_weights_and_the_bias(exercise: ModuleType) -> None:
    found = exercise.fit(FEATURES.copy(), TARGETS.copy())
    expect_shape(found, (4,), "fit(features [40, 3], targets)", "the column of ones is missing, or lstsq(...)[0]")
    model = LinearRegression().fit(FEATURES, TARGETS)
    mistake = "no bias is fitted, or the column of ones stands first; it must be the last"
    expect_close(found, [*model.coef_, model.intercept_], "fit(features, targets)", mistake)


def check_features_that_repeat_each_other(exercise: ModuleType) -> None:
    table = np.hstack([FEATURES, FEATURES[:, :1] / 2.54])  # the first feature again, in inches
    found = exercise.fit(table, TARGETS.copy())
    expect_shape(found, (5,), "fit(features [40, 4], targets)")
    expected = LinearRegression().fit(FEATURES, TARGETS).predict(FEATURES)
    predictions = table @ np.asarray(found)[:4] + found[4]
    mistake = "if the check above passes, an inverse is used, and table.T @ table has none here"
    expect_close(predictions, expected, "the prediction of fit's weights", mistake)


def check_few_examples_far_from_zero(exercise: ModuleType) -> None:
    years = np.array([[2020.0], [2021.0], [2022.0]])
    found = exercise.fit(years, np.array([1.0, 3.0, 5.0]))
    mistake = "if the check above passes, the inverse of table.T @ table, which loses digits"
    expect_close(found, [2, -4039], "fit([[2020], [2021], [2022]], [1, 3, 5])", mistake)


def check_predictions(exercise: ModuleType) -> None:
    found = exercise.predict(FEATURES.copy(), WEIGHTS.copy())
    expect_shape(found, (40,), "predict(features [40, 3], weights [4])", "one number a row: features @ weights[:-1]")
    expect_close(found, FEATURES @ WEIGHTS[:3] + 7, "predict(features, [2, -1, 0.5, 7])", "the bias is weights[-1]")


def check_r2(exercise: ModuleType) -> None:
    predictions = TARGETS + RANDOM.normal(0, 1, 40)
    expect_close(
        exercise.r2(TARGETS, TARGETS), 1, "r2 of perfect predictions", "the share that is left; subtract it from one"
    )
    mistake = "targets and predictions are exchanged, or it is the squared correlation"
    always_the_mean = np.full(40, TARGETS.mean())
    expect_close(exercise.r2(TARGETS, always_the_mean), 0, "r2 of always predicting the mean", mistake)
    expect_close(exercise.r2(TARGETS, predictions), r2_score(TARGETS, predictions), "r2(targets, predictions)", mistake)
    expect_close(exercise.r2(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])), -3, "r2([1, 2, 3], [3, 2, 1])", mistake)
