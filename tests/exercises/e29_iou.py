"""Answers to exercise 29: right ones in another style, and edits of the solution that make it wrong."""

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


POOLED = "np.divide(shared, either, out=np.full(classes, np.nan), where=either > 0)"
ONE = "pooled_iou([prediction], [truth], classes, ignore)"
MISTAKES = {
    "mean of images": (
        "    shared, either =",
        "    if len(truths) > 1:\n        pairs = zip(predictions, truths, strict=True)\n"
        f"        return np.nanmean([{ONE} for prediction, truth in pairs], axis=0)\n    shared, either =",
    ),
    "the union counts shared pixels twice": ("(predicted | true).sum()", "predicted.sum() + true.sum()"),
    "ignored pixels in the union": ("(prediction == number) & counts,", "prediction == number,"),
    "ignore is 255": ("truth != ignore\n", "truth != 255\n"),
    "zero for a class that is nowhere": ("np.full(classes, np.nan)", "np.zeros(classes)"),
    "mean of classes": (POOLED, f"np.nanmean({POOLED})"),
    "mean of pooled": (
        f"np.mean([np.nanmean({ONE}) for prediction, truth in pairs])",
        "np.nanmean(pooled_iou(predictions, truths, classes, ignore))",
    ),
    "plain mean": (f"np.nanmean({ONE})", f"np.mean({ONE})"),
    "classes first": (f"mean([np.nanmean({ONE})", f"nanmean(np.nanmean([{ONE}", "in pairs])", "in pairs], axis=0))"),
    "classes of the truth alone": (f"np.nanmean({ONE})", f"np.mean({ONE}[np.unique(truth[truth != ignore])])"),
    "ignored images count as zero": ("np.mean([np", "sum([np", "in pairs])", "in pairs]) / len(truths)"),
}
