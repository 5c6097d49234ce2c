"""Answers to exercise 29: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np

Masks = list[np.ndarray]


def pooled_iou__right_by_confusion_matrix(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> np.ndarray:
    table = np.zeros((classes, classes))  # of pixels, by true and predicted class
    for prediction, truth in zip(predictions, truths, strict=True):
        np.add.at(table, (truth[truth != ignore], prediction[truth != ignore]), 1)
    shared = np.diag(table)
    with np.errstate(invalid="ignore"):
        return shared / (table.sum(axis=0) + table.sum(axis=1) - shared)


def mean_iou_per_image__right_by_confusion_matrix(
    predictions: Masks, truths: Masks, classes: int, ignore: int = 255
) -> float:
    pairs = [([one], [other]) for one, other in zip(predictions, truths, strict=True) if (other != ignore).any()]
    means = [np.nanmean(pooled_iou__right_by_confusion_matrix(*pair, classes, ignore)) for pair in pairs]
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
