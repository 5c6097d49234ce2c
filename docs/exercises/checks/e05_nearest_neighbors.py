"""The checks of exercise 05."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

HINT = (
    "a[:, None] - b[None] is [N, M, D]; its squares are summed over axis 2. argsort(axis=1)[:, :k] gives the k "
    "nearest, labels[...] their labels, and np.bincount(...).argmax() the most frequent label of one row."
)

# Five training rows on a line; the labels of the nearest ones to 0 are 2, 0, 0, 1, 1.
TRAIN = np.array([[9.0], [1.0], [2.0], [3.0], [8.0]])
LABELS = np.array([1, 2, 0, 0, 1])


def check_there_is_a_distance_for_every_pair(exercise: ModuleType) -> None:
    found = exercise.squared_distances(np.zeros((4, 2)), np.ones((3, 2)))
    expect_shape(found, (4, 3), "squared_distances of a [4, 2] and b [3, 2]", "the sum runs over D, the last axis")


def check_distances_equal_those_of_scipy(exercise: ModuleType) -> None:
    a, b = np.random.default_rng(0).normal(size=(6, 5)), np.random.default_rng(1).normal(size=(4, 5))
    mistake = "these distances have no root; each difference is squared before the sum"
    expect_close(exercise.squared_distances(a, b), cdist(a, b, "sqeuclidean"), "squared_distances(a, b)", mistake)


def check_distances_of_gray_values_do_not_wrap_around(exercise: ModuleType) -> None:
    a, b = np.array([[0, 250]], np.uint8), np.array([[250, 0]], np.uint8)
    mistake = "uint8 holds 0 to 255 only: turn the values into float64 first"
    expect_close(exercise.squared_distances(a, b), [[125000]], "squared_distances([[0, 250]], [[250, 0]])", mistake)


def check_one_neighbor_decides_alone(exercise: ModuleType) -> None:
    found = exercise.nearest_neighbors(TRAIN, LABELS, np.array([[0.0], [10.0]]), 1)
    expect_shape(found, (2,), "nearest_neighbors of rows [2, 1]", "one label for each row, not one for each neighbor")
    mistake = "the farthest instead of the nearest, or the index of the neighbor instead of its label"
    expect_close(found, [2, 1], "nearest_neighbors with k = 1", mistake)


def check_the_majority_of_k_decides(exercise: ModuleType) -> None:
    found = exercise.nearest_neighbors(TRAIN, LABELS, np.array([[0.0]]), 3)
    mistake = "the three nearest have the labels 2, 0, 0; the nearest alone has 2; their mean is no label"
    expect_close(found, [0], "nearest_neighbors with k = 3", mistake)
    found = exercise.nearest_neighbors(TRAIN, LABELS, np.array([[0.0]]), 5)
    expect_close(found, [0], "nearest_neighbors with k = 5 and the labels 2, 0, 0, 1, 1", "the smallest of equals wins")


def check_the_votes_are_counted_row_by_row(exercise: ModuleType) -> None:
    rows = np.array([[2.0], [2.0], [8.0]])
    found = exercise.nearest_neighbors(TRAIN, LABELS, rows, 2)
    expect_close(found, [0, 0, 1], "nearest_neighbors of [2, 2, 8] with k = 2", "all rows vote together")


def check_digits_are_classified_as_by_scikit_learn(exercise: ModuleType) -> None:
    digits = load_digits()
    rows, labels = digits.data.astype(np.uint8), digits.target
    expected = KNeighborsClassifier(3).fit(rows[:200], labels[:200]).predict(rows[200:260])
    found = exercise.nearest_neighbors(rows[:200], labels[:200], rows[200:260], 3)
    expect_shape(found, (60,), "the labels of 60 digits")
    right = (np.asarray(found) == expected).mean()
    expect(right > 0.95, f"{right:.0%} of the labels equal scikit-learn's; expected nearly all", "the mistakes above")
    dtype = np.asarray(found).dtype
    expect(dtype.kind == "i", f"the labels have the dtype {dtype}; expected int64")
