"""The checks of exercise 29."""

from types import ModuleType

import numpy as np
from expect import expect_close, expect_shape
from sklearn.metrics import jaccard_score

HINT = (
    "For each image and class, with counted = truth != ignore: add up the pixels in (prediction and truth) and in "
    "(prediction or truth). Divide at the very end; 0 / 0 is NaN. For one image, call pooled_iou with lists of one "
    "mask, then take np.nanmean."
)

RANDOM = np.random.default_rng(0)
SIZES = [(20, 30), (7, 5), (40, 11)]
TRUTHS = [RANDOM.integers(0, 3, size).astype(np.uint8) for size in SIZES]
PREDICTIONS = [
    np.where(RANDOM.random(size) < 0.6, truth, RANDOM.integers(0, 3, size)).astype(np.uint8)
    for truth, size in zip(TRUTHS, SIZES, strict=True)
]


def check_shapes(exercise: ModuleType) -> None:
    found = exercise.pooled_iou(PREDICTIONS, TRUTHS, 3)
    expect_shape(found, (3,), "pooled_iou(predictions, truths, classes=3)", "one number for each class, not their mean")
    found = np.asarray(exercise.mean_iou_per_image(PREDICTIONS, TRUTHS, 3))
    expect_shape(found, (), "mean_iou_per_image(predictions, truths, classes=3)", "the mean over images is missing")


def check_pooled_equals_that_of_scikit_learn(exercise: ModuleType) -> None:
    predictions, truths = (np.concatenate([mask.ravel() for mask in masks]) for masks in (PREDICTIONS, TRUTHS))
    expected = jaccard_score(truths, predictions, average=None)
    mistake = "images are averaged (add up their pixels, divide once), or the union counts the shared pixels twice"
    expect_close(exercise.pooled_iou(PREDICTIONS, TRUTHS, 3), expected, "pooled_iou of three images", mistake)


def check_a_small_object_that_is_missed_weighs_more_per_image(exercise: ModuleType) -> None:
    truths = [np.ones((90, 90), np.uint8), np.ones((2, 2), np.uint8)]
    predictions = [truths[0], np.zeros((2, 2), np.uint8)]
    pooled, per_image = exercise.pooled_iou(predictions, truths, 2), exercise.mean_iou_per_image(predictions, truths, 2)
    what = "one of two images is wholly missed, the small one:"
    expect_close(pooled, [0, 8100 / 8104], f"{what} pooled_iou", "the pooled IoU counts pixels, not images")
    expect_close(per_image, 0.5, f"{what} mean_iou_per_image", "take the mean of each image first, over its classes")


def check_ignored_pixels_do_not_count(exercise: ModuleType) -> None:
    for ignore in (255, 7):
        truth, prediction = np.array([[0, 1, ignore]], np.uint8), np.array([[0, 1, 0]], np.uint8)
        what = f"right but for one pixel to ignore (id {ignore}):"
        mistake = "a prediction where the truth is `ignore` counts, or 255 is written in place of `ignore`"
        pooled = exercise.pooled_iou([prediction], [truth], 2, ignore=ignore)
        expect_close(pooled, [1, 1], f"{what} pooled_iou", mistake)
        per_image = exercise.mean_iou_per_image([prediction], [truth], 2, ignore=ignore)
        expect_close(per_image, 1, f"{what} mean_iou_per_image", mistake)


def check_an_image_without_a_pixel_to_count_does_not_count(exercise: ModuleType) -> None:
    truths = [np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8)]
    found = exercise.mean_iou_per_image([truths[1], truths[1]], truths, 2)
    mistake = "an image that is ignored as a whole counts as 0 or NaN; leave it out"
    expect_close(found, 1, "one image right, one ignored as a whole: mean_iou_per_image", mistake)


def check_a_class_that_is_only_in_the_prediction_is_wrong_there(exercise: ModuleType) -> None:
    truth, prediction = np.array([[0, 0, 0, 0]], np.uint8), np.array([[0, 0, 0, 1]], np.uint8)
    found = exercise.mean_iou_per_image([prediction], [truth], 2)
    mistake = "only classes of the truth are averaged; a predicted class that is not there has an IoU of 0"
    expect_close(found, 0.375, "three of four pixels right, a class predicted that is not there: the mean", mistake)


def check_a_class_that_is_nowhere_has_no_score(exercise: ModuleType) -> None:
    mask = np.zeros((2, 2), np.uint8)
    what, mistake = (
        "one of two classes is nowhere:",
        "0 / 0 is NaN, and the mean leaves it out (np.nanmean)",
    )
    with np.errstate(all="ignore"):
        expect_close(exercise.pooled_iou([mask], [mask], 2), [1, np.nan], f"{what} pooled_iou", mistake)
        expect_close(exercise.mean_iou_per_image([mask], [mask], 2), 1, f"{what} mean_iou_per_image", mistake)
