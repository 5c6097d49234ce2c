from types import ModuleType

import numpy as np
from sklearn.metrics import jaccard_score

RANDOM = np.random.default_rng(0)
SIZES = [(20, 30), (7, 5), (40, 11)]
TRUTHS = [RANDOM.integers(0, 3, size).astype(np.uint8) for size in SIZES]
PREDICTIONS = [
    np.where(RANDOM.random(size) < 0.6, truth, RANDOM.integers(0, 3, size)).astype(np.uint8)
    for truth, size in zip(TRUTHS, SIZES, strict=True)
]


def test_pooled_is_that_of_scikit_learn(exercise: ModuleType) -> None:
    predictions, truths = (np.concatenate([mask.ravel() for mask in masks]) for masks in (PREDICTIONS, TRUTHS))
    expected = jaccard_score(truths, predictions, average=None)
    np.testing.assert_allclose(exercise.pooled_iou(PREDICTIONS, TRUTHS, 3), expected)


def test_a_small_object_that_is_missed_weighs_more_per_image(exercise: ModuleType) -> None:
    truths = [np.ones((90, 90), np.uint8), np.ones((2, 2), np.uint8)]
    predictions = [truths[0], np.zeros((2, 2), np.uint8)]
    assert exercise.pooled_iou(predictions, truths, 2)[1] > 0.99
    assert exercise.mean_iou_per_image(predictions, truths, 2) == 0.5


def test_ignored_pixels_do_not_count(exercise: ModuleType) -> None:
    truth, prediction = np.array([[0, 1, 255]], np.uint8), np.array([[0, 1, 0]], np.uint8)
    np.testing.assert_array_equal(exercise.pooled_iou([prediction], [truth], 2), [1, 1])
    assert exercise.mean_iou_per_image([prediction], [truth], 2) == 1


def test_the_ignored_id_is_the_callers_choice(exercise: ModuleType) -> None:
    truth, prediction = np.array([[0, 1, 7]], np.uint8), np.array([[0, 1, 0]], np.uint8)
    np.testing.assert_array_equal(exercise.pooled_iou([prediction], [truth], 2, ignore=7), [1, 1])
    assert exercise.mean_iou_per_image([prediction], [truth], 2, ignore=7) == 1


def test_an_image_without_a_pixel_to_count_does_not_count(exercise: ModuleType) -> None:
    truths = [np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8)]
    assert exercise.mean_iou_per_image([truths[1], truths[1]], truths, 2) == 1


def test_a_class_that_is_only_in_the_prediction_is_wrong_there(exercise: ModuleType) -> None:
    truth, prediction = np.array([[0, 0, 0, 0]], np.uint8), np.array([[0, 0, 0, 1]], np.uint8)
    assert exercise.mean_iou_per_image([prediction], [truth], 2) == (0.75 + 0) / 2


def test_a_class_that_is_nowhere_has_no_score(exercise: ModuleType) -> None:
    mask = np.zeros((2, 2), np.uint8)
    np.testing.assert_array_equal(exercise.pooled_iou([mask], [mask], 2), [1, np.nan])
    assert exercise.mean_iou_per_image([mask], [mask], 2) == 1
