"""The checks of exercise 07."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

HINT = (
    "points[:, None] - centers is [N, K, D]; square, sum over the last axis, argmin over the centers. In move, begin "
    "with centers.copy() and fill in points[labels == k].mean(axis=0) where there are points."
)

POINTS, _ = make_blobs(120, n_features=3, centers=4, cluster_std=2.5, random_state=1)
START = POINTS[:4].copy()


def check_the_nearest_center(exercise: ModuleType) -> None:
    found = exercise.assign(POINTS.copy(), START.copy())
    expect_shape(found, (120,), "assign(points [120, 3], centers [4, 3])", "argmin over the wrong axis")
    expected = [min(range(4), key=lambda k, point=point: np.linalg.norm(point - START[k])) for point in POINTS]
    expect_close(found, expected, "assign(points, centers)", "differences are not squared, or the farthest is taken")


def check_distances_are_straight_lines(exercise: ModuleType) -> None:
    found = exercise.assign(np.array([[0.0, 0.0]]), np.array([[3.0, 3.0], [0.0, 5.0]]))
    mistake = "sums of |differences|, 6 and 5; the distances are 4.2 and 5"
    expect_close(found, [0], "assign([[0, 0]], [[3, 3], [0, 5]])", mistake)


def check_centers_move_to_the_mean(exercise: ModuleType) -> None:
    labels = np.arange(120) % 4
    found = exercise.move(POINTS.copy(), labels, START.copy())
    expect_shape(found, (4, 3), "move(points [120, 3], labels, centers [4, 3])", "mean(axis=0), over the points")
    expected = [POINTS[labels == k].mean(axis=0) for k in range(4)]
    expect_close(found, expected, "move(points, labels, centers)", "mean(axis=0), a mean for each coordinate")


def check_a_center_without_points_stays(exercise: ModuleType) -> None:
    centers = np.array([[0.0, 0.0], [9.0, 9.0], [2.0, 2.0]])
    with np.errstate(all="ignore"):
        found = exercise.move(np.array([[1.0, 1.0], [3.0, 5.0]]), np.array([0, 2]), centers)
    mistake = "the mean of no points is nan, or a center without points is left out"
    expect_close(found, [[1, 1], [9, 9], [3, 5]], "move with labels [0, 2] and centers [0, 0], [9, 9], [2, 2]", mistake)
    expect_close(centers, [[0, 0], [9, 9], [2, 2]], "what was passed to move as centers", "centers.copy() is missing")


def check_the_whole(exercise: ModuleType) -> None:
    start = START.copy()
    result = exercise.kmeans(POINTS.copy(), start, 100)
    expect(isinstance(result, tuple) and len(result) == 2, "kmeans returns no pair (labels, centers)")
    labels, centers = result
    expect_shape(labels, (120,), "kmeans(...)[0], the labels,", "it returns (centers, labels)")
    expect_shape(centers, (4, 3), "kmeans(...)[1], the centers,")
    expect_close(start, START, "what was passed to kmeans as centers", "centers are changed in place")
    model = KMeans(4, init=START, n_init=1, max_iter=300, tol=0, algorithm="lloyd").fit(POINTS)
    mistake = "if the checks above pass, it stops before the centers stand still"
    expect_close(centers, model.cluster_centers_, "the centers at the end", mistake)
    expect_close(labels, model.labels_, "the labels at the end", mistake)


def check_the_number_of_steps_is_a_limit(exercise: ModuleType) -> None:
    labels = np.array([min(range(4), key=lambda k, point=point: np.linalg.norm(point - START[k])) for point in POINTS])
    _, centers = exercise.kmeans(POINTS.copy(), START.copy(), 1)
    expected = [POINTS[labels == k].mean(axis=0) for k in range(4)]
    expect_close(
        centers,
        expected,
        "the centers of kmeans with steps=1",
        "they must move once for each step, and labels come first in the result",
    )
