"""Scores of masks, against values worked out by hand and against scikit-learn's."""

import math

import pytest
import torch
from sklearn.metrics import jaccard_score

from shared.metrics.classification import calibration_error
from shared.metrics.segmentation import SegmentationScores, boundary_f, training_metrics
from shared.seeding import generator

IGNORE = 255
CLASSES = ["a", "b", "c"]


def scores(*pairs: tuple[list[list[int]], list[list[int]]]) -> dict[str, object]:
    """The scores of images given as (answer, truth)."""
    collected = SegmentationScores(CLASSES, IGNORE)
    for index, (answer, truth) in enumerate(pairs):
        collected.add(str(index), torch.tensor(answer), torch.tensor(truth))
    return collected.compute()


def test_pooled_and_per_image_are_what_their_names_say() -> None:
    # First image: a 2 of 3, b 1 of 2. Second: a 4 of 4.
    found = scores(([[0, 0], [0, 1]], [[0, 0], [1, 1]]), ([[0, 0], [0, 0]], [[0, 0], [0, 0]]))
    assert found["pooled"]["iou"] == {"a": pytest.approx(6 / 7), "b": pytest.approx(1 / 2), "c": None}
    assert found["pooled"]["dice"]["a"] == pytest.approx(12 / 13)
    assert found["pooled"]["mean_iou"] == pytest.approx((6 / 7 + 1 / 2) / 2)
    assert found["per_image"]["iou"]["a"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["per_image"]["iou"]["b"] == pytest.approx(1 / 2)  # the second image has none and does not count
    assert found["by_image"] == {"0": pytest.approx((2 / 3 + 1 / 2) / 2), "1": 1.0}
    assert found["pixel_accuracy"] == pytest.approx(7 / 8)
    assert found["confusion"] == [[6, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_ignored_pixels_count_for_nothing_and_a_class_that_is_absent_but_answered_scores_zero() -> None:
    assert scores(([[0, 1], [2, 1]], [[0, IGNORE], [IGNORE, 1]]))["pooled"]["iou"] == {"a": 1.0, "b": 1.0, "c": None}
    assert scores(([[2, 0]], [[0, 0]]))["pooled"]["iou"] == {"a": 0.5, "b": None, "c": 0.0}
    found = scores(([[0, 0]], [[IGNORE, IGNORE]]), ([[0, 1]], [[0, 1]]))
    assert found["by_image"] == {"0": None, "1": 1.0}
    assert found["per_image"]["mean_iou"] == 1.0


def test_the_pooled_mean_is_that_of_scikit_learn() -> None:
    truth = torch.randint(0, 3, (4, 16, 16), generator=generator(1))
    answer = torch.where(torch.rand(truth.shape, generator=generator(2)) < 0.7, truth, 0)
    truth[0, :4] = IGNORE
    collected = SegmentationScores(CLASSES, IGNORE)
    for index in range(4):
        collected.add(str(index), answer[index], truth[index])
    expected = jaccard_score(truth[truth != IGNORE], answer[truth != IGNORE], average="macro")
    assert collected.compute()["pooled"]["mean_iou"] == pytest.approx(expected)
    watched = training_metrics(3, IGNORE)
    watched.update(torch.nn.functional.one_hot(answer, 3).permute(0, 3, 1, 2).float(), truth)
    assert watched.compute() == {"mean_iou": pytest.approx(expected)}


def test_the_calibration_error_is_that_of_all_pixels_together() -> None:
    probabilities = torch.rand(3, 3, 8, 8, generator=generator(3)).softmax(1)  # [N, C, H, W]
    truth = torch.randint(0, 3, (3, 8, 8), generator=generator(4))
    truth[1, :3] = IGNORE
    collected = SegmentationScores(CLASSES, IGNORE)
    for index in range(3):
        confidence, answer = probabilities[index].max(0)
        collected.add(str(index), answer, truth[index], confidence)
    counted = truth != IGNORE
    expected = calibration_error(probabilities.permute(0, 2, 3, 1)[counted], truth[counted])
    assert collected.compute()["calibration_error"] == pytest.approx(expected)
    assert "calibration_error" not in scores(([[0]], [[0]]))


def square(shift: int) -> torch.Tensor:
    mask = torch.zeros(100, 100, dtype=torch.int64)
    mask[30:60, 30 + shift : 60 + shift] = 1
    return mask


def test_outlines_within_the_tolerance_are_right_and_those_along_ignored_pixels_left_out() -> None:
    assert boundary_f(square(0), square(0), 3, IGNORE)[:2].tolist() == [1.0, 1.0]
    assert boundary_f(square(1), square(0), 3, IGNORE)[1] == 1.0  # 0.75 % of the diagonal is one pixel here
    assert boundary_f(square(10), square(0), 3, IGNORE)[1] < 0.8
    assert math.isnan(boundary_f(square(0), square(0), 3, IGNORE)[2])
    empty, truth = torch.zeros(100, 100, dtype=torch.int64), square(0)
    assert boundary_f(empty, truth, 3, IGNORE)[1] == boundary_f(truth, empty, 3, IGNORE)[1] == 0
    truth[:, 45:] = IGNORE
    assert boundary_f(square(0), truth, 3, IGNORE)[1] == 1.0
