"""The checks of exercise 08."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape
from sklearn.decomposition import PCA

HINT = (
    "np.linalg.svd(points - mean, full_matrices=False)[2] has the components as rows; the variances are proportional "
    "to the squares of the singular values, [1]."
)

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(50, 6)) @ RANDOM.normal(size=(6, 6)) + RANDOM.normal(0, 20, 6)
MODEL = PCA(3).fit(POINTS)


def check_the_mean_and_the_components(exercise: ModuleType) -> None:
    result = exercise.fit(POINTS.copy(), 3)
    expect(isinstance(result, tuple) and len(result) == 2, "fit returns no pair (mean, components)")
    mean, components = result
    expect_shape(mean, (6,), "fit(points [50, 6], 3)[0], the mean,", "mean(axis=0), over the points")
    expect_close(mean, POINTS.mean(axis=0), "the mean")
    expect_shape(
        components, (3, 6), "fit(points [50, 6], 3)[1], the components,", "they are columns; they must be rows"
    )
    lengths = np.linalg.norm(components, axis=1)
    expect_close(lengths, np.ones(3), "the length of each component", "they are multiplied by the singular values")
    cosines = np.abs(np.sum(components * MODEL.components_, axis=1))  # 1 if they are equal up to the sign
    mistake = "no mean is subtracted, or of eigh's result: its vectors are columns, the smallest variance first"
    expect_close(cosines, np.ones(3), "|cosine| of the angle between each component and scikit-learn's", mistake)


def check_coordinates(exercise: ModuleType) -> None:
    found = exercise.project(POINTS.copy(), MODEL.mean_, MODEL.components_)
    expect_shape(found, (50, 3), "project(points [50, 6], mean, components [3, 6])", "multiply by components.T")
    expect_close(found, MODEL.transform(POINTS), "project(points, mean, components)", "the mean is not subtracted")


def check_a_new_point(exercise: ModuleType) -> None:
    new = POINTS[:2] + 100
    found = exercise.project(new.copy(), MODEL.mean_, MODEL.components_)
    mistake = "if the check above passes, the mean of the new points is subtracted, not that of fit"
    expect_close(found, MODEL.transform(new), "project of two new points", mistake)


def check_the_way_back(exercise: ModuleType) -> None:
    coordinates = MODEL.transform(POINTS)
    found = exercise.reconstruct(coordinates.copy(), MODEL.mean_, MODEL.components_)
    expect_shape(found, (50, 6), "reconstruct(coordinates [50, 3], mean, components [3, 6])")
    expect_close(found, MODEL.inverse_transform(coordinates), "reconstruct(...)", "the mean is not added")


def check_shares_of_the_variance(exercise: ModuleType) -> None:
    found = exercise.explained(POINTS.copy())
    expect_shape(found, (6,), "explained(points [50, 6])", "one share for each component, not one for each point")
    expect_close(np.sum(found), 1, "the sum of the shares", "variances are not divided by their sum")
    mistake = "singular values are not squared, no mean is subtracted, or these are the variances of the features"
    expect_close(found, PCA().fit(POINTS).explained_variance_ratio_, "explained(points)", mistake)
