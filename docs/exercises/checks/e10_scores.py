"""The checks of exercise 10."""

from types import ModuleType

import numpy as np
from expect import expect, expect_close, expect_shape
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

HINT = (
    "np.add.at(counts, (labels, predictions), 1) counts repeated pairs too. counts.diagonal() is right; the sum over a "
    "row is the truth. For the area: scores[positive][:, None] - scores[~positive] holds all pairs."
)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 60)
PREDICTIONS = np.where(RANDOM.random(60) < 0.6, LABELS, RANDOM.integers(0, 3, 60))
COUNTS = confusion_matrix(LABELS, PREDICTIONS, labels=range(4))


def check_the_confusion_matrix(exercise: ModuleType) -> None:
    found = exercise.confusion(LABELS.copy(), PREDICTIONS.copy(), 4)
    expect_shape(found, (4, 4), "confusion with 4 classes")
    total = int(np.sum(found))
    mistake = "counts[labels, predictions] += 1 counts a repeated pair once"
    expect(total == 60, f"the confusion matrix of 60 examples sums to {total}", mistake)
    expect_close(found, COUNTS, "confusion(labels, predictions, 4)", "rows must be the truth, columns the predictions")


def check_a_class_that_does_not_occur(exercise: ModuleType) -> None:
    found = exercise.confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    expected = [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    expect_close(
        found,
        expected,
        "confusion([0, 0, 1], [0, 1, 1], 3)",
        "if the check above passes, only classes that occur have a row",
    )


def check_precision_recall_and_f1(exercise: ModuleType) -> None:
    found = exercise.rates(COUNTS.copy())
    expect(isinstance(found, tuple) and len(found) == 3, "rates returns no triple (precision, recall, F1)")
    expected = precision_recall_fscore_support(LABELS, PREDICTIONS, labels=range(4), zero_division=0)
    mistakes = {
        "precision": "divide by the sum of the class's column, all that are predicted as the class",
        "recall": "divide by the sum of the class's row, all that are of the class",
        "F1": "it is 2 * precision * recall / (precision + recall), not the mean of the two",
    }
    for name, here, there in zip(mistakes, found, expected, strict=False):  # the fourth is the number of examples
        expect_shape(here, (4,), name, "one number for each class")
        expect_close(here, there, f"{name} of each class", mistakes[name])


def check_zero_where_the_divisor_is_zero(exercise: ModuleType) -> None:
    with np.errstate(all="ignore"):
        precision, recall, f1 = exercise.rates(np.array([[5, 0, 0], [2, 0, 0], [0, 0, 0]]))
    mistake = "if the check above passes, 0 / 0, which is nan"
    expect_close(precision, [5 / 7, 0, 0], "precision, where two classes are never predicted,", mistake)
    expect_close(recall, [1, 0, 0], "recall, where the third class has no example,", mistake)
    expect_close(f1, [10 / 12, 0, 0], "F1, where precision and recall are 0,", mistake)


def check_the_area(exercise: ModuleType) -> None:
    positive = RANDOM.random(80) < 0.3
    scores = RANDOM.normal(size=80) + positive
    mistake = "pairs of a positive and a negative example only, divided by their number"
    expect_close(exercise.roc_area(positive, scores), roc_auc_score(positive, scores), "roc_area", mistake)
    flipped = exercise.roc_area(positive, -scores)
    mistake = "nothing is turned around: an area below 0.5 is a result too"
    expect_close(flipped, 1 - roc_auc_score(positive, scores), "roc_area of the scores times -1", mistake)


def check_equal_scores_count_as_half(exercise: ModuleType) -> None:
    positive, mistake = np.array([True, True, False, False]), "equal scores must count as half"
    expect_close(exercise.roc_area(positive, np.full(4, 0.7)), 0.5, "roc_area where all scores are equal", mistake)
    found = exercise.roc_area(positive, np.array([0.9, 0.4, 0.4, 0.1]))
    expect_close(found, 3.5 / 4, "roc_area([yes, yes, no, no], [0.9, 0.4, 0.4, 0.1])", mistake)
