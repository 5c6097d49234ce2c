"""Answers to exercise 29: right ones in another style, and plausible wrong ones."""

import numpy as np

Masks = list[np.ndarray]


def confusion(prediction: np.ndarray, truth: np.ndarray, classes: int, ignore: int) -> np.ndarray:
    """The numbers of pixels by true and predicted class, int64 [classes, classes]."""
    counted = truth != ignore
    places = truth[counted].astype(np.int64) * classes + prediction[counted]
    return np.bincount(places, minlength=classes**2).reshape(classes, classes)


def iou(table: np.ndarray) -> np.ndarray:
    """float64 [classes], NaN for a class that is nowhere."""
    shared = np.diag(table)
    with np.errstate(invalid="ignore"):
        return shared / (table.sum(axis=0) + table.sum(axis=1) - shared)


def of_each_image(predictions: Masks, truths: Masks, classes: int, ignore: int) -> list[np.ndarray]:
    pairs = zip(predictions, truths, strict=True)
    return [iou(confusion(*pair, classes, ignore)) for pair in pairs if (pair[1] != ignore).any()]


def pooled_iou__right_by_confusion_matrix(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> np.ndarray:
    return iou(sum(confusion(*pair, classes, ignore) for pair in zip(predictions, truths, strict=True)))


def mean_iou_per_image__right_by_confusion_matrix(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    means = [np.nanmean(found) for found in of_each_image(predictions, truths, classes, ignore)]
    return float(sum(means) / len(means))


def pooled_iou__wrong_mean_of_images(predictions: Masks, truths: Masks, classes: int, ignore: int = 255) -> np.ndarray:
    return np.nanmean(of_each_image(predictions, truths, classes, ignore), axis=0)


def pooled_iou__wrong_union_counts_shared_pixels_twice(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> np.ndarray:
    table = sum(confusion(*pair, classes, ignore) for pair in zip(predictions, truths, strict=True))
    with np.errstate(invalid="ignore"):
        return np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))


def pooled_iou__wrong_ignored_pixels_in_the_union(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> np.ndarray:
    shared, either = np.zeros(classes), np.zeros(classes)
    for prediction, truth in zip(predictions, truths, strict=True):
        for number in range(classes):
            shared[number] += ((prediction == number) & (truth == number)).sum()
            either[number] += ((prediction == number) | (truth == number)).sum()
    return np.divide(shared, either, out=np.full(classes, np.nan), where=either > 0)


def pooled_iou__wrong_ignore_is_255(predictions: Masks, truths: Masks, classes: int, ignore: int = 255) -> np.ndarray:
    return pooled_iou__wrong_ignored_pixels_in_the_union(
        [np.where(truth == 255, 255, found) for found, truth in zip(predictions, truths, strict=True)], truths, classes
    )


def pooled_iou__wrong_zero_for_a_class_that_is_nowhere(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> np.ndarray:
    return np.nan_to_num(pooled_iou__right_by_confusion_matrix(predictions, truths, classes, ignore))


def pooled_iou__wrong_mean_of_classes(predictions: Masks, truths: Masks, classes: int, ignore: int = 255) -> np.ndarray:
    return np.nanmean(pooled_iou__right_by_confusion_matrix(predictions, truths, classes, ignore))


def mean_iou_per_image__wrong_mean_of_pooled(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    return float(np.nanmean(pooled_iou__right_by_confusion_matrix(predictions, truths, classes, ignore)))


def mean_iou_per_image__wrong_plain_mean(predictions: Masks, truths: Masks, classes: int, ignore: int = 255) -> float:
    return float(np.mean([found.mean() for found in of_each_image(predictions, truths, classes, ignore)]))


def mean_iou_per_image__wrong_classes_first(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    return float(np.nanmean(np.nanmean(of_each_image(predictions, truths, classes, ignore), axis=0)))


def mean_iou_per_image__wrong_classes_of_the_truth_alone(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    pairs = [pair for pair in zip(predictions, truths, strict=True) if (pair[1] != ignore).any()]
    scores = [iou(confusion(*pair, classes, ignore))[np.unique(pair[1][pair[1] != ignore])].mean() for pair in pairs]
    return float(np.mean(scores))


def mean_iou_per_image__wrong_ignored_images_count_as_zero(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    scores = [np.nanmean(found) for found in of_each_image(predictions, truths, classes, ignore)]
    return float(sum(scores) / len(truths))
