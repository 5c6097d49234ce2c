"""Scores of pairs: worked examples, failures that count as errors, and thresholds that never see their own fold."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from shared.metrics.running import GatheredMetrics
from shared.metrics.verification import (
    BLOCK,
    best_threshold,
    cross_validated,
    decided_right,
    pair_auc,
    pairs_of,
    verification_scores,
)

SAME = np.array([True, True, True, False, False, False])
SIMILARITIES = np.array([0.9, 0.8, 0.3, 0.4, 0.2, 0.1])


@pytest.mark.parametrize(
    ("similarities", "same", "low", "high"),
    [
        (SIMILARITIES, SAME, 0.6, 0.6),  # half way between two pairs
        ([0.2, 0.6], [False, True], 0.4, 0.4),
        ([0.5, 0.5, 0.5, 0.1], [True, True, False, False], 0.1, 0.5),  # equal ones fall on one side together
        ([0.1, 0.2, 0.3, 0.4], [True] * 4, -np.inf, 0.09999999),  # where all pairs are alike they are left on one side
        ([0.1, 0.2, 0.3, 0.4], [False] * 4, 0.4000001, np.inf),
    ],
)
def test_the_best_threshold(similarities: list[float], same: list[bool], low: float, high: float) -> None:
    assert low - 1e-9 <= best_threshold(np.array(similarities), np.array(same)) <= high + 1e-9


def test_scores_of_a_worked_example() -> None:
    scores = verification_scores(SIMILARITIES, SAME, 0.6)
    assert scores["accuracy"] == pytest.approx(5 / 6)
    assert scores["auc"] == pytest.approx(8 / 9)
    assert scores["eer"] == pytest.approx(1 / 3)
    assert (scores["pairs"], scores["same"], scores["failed"]) == (6, 3, 0)
    assert scores["tar_at_far"] == {"0.01": None, "0.001": None}, "three pairs cannot tell a rate of one percent"


def test_true_accepts_at_a_rate_of_false_ones() -> None:
    different = np.linspace(0, 0.5, 1000)
    same = np.array([0.4951, 0.4999, 0.4, 0.6])  # one beyond 0.5 % of the different, one beyond all but the last
    scores = verification_scores(np.concatenate([same, different]), np.arange(1004) < 4, 0.5)
    assert scores["tar_at_far"]["0.01"] == pytest.approx(0.75)
    assert scores["tar_at_far"]["0.001"] == pytest.approx(0.5)


def test_pairs_that_could_not_be_compared_are_errors_and_never_accepted() -> None:
    failing = np.where(np.arange(6) % 3 == 0, np.nan, np.where(SAME, 0.9, 0.1))
    for threshold in (-5, 0.5, 5):
        assert decided_right(failing, SAME, threshold).sum() <= 4
    scores = verification_scores(failing, SAME, 0.5)
    assert scores["failed"] == 2
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["auc"] == pytest.approx((2 * 2 + 2 * 1 + 0.5) / 9)  # the failed pairs: less alike than all others


def test_each_fold_is_measured_at_the_threshold_of_the_others() -> None:
    """Fold 2 is perfectly separable, but not where folds 1 and 3 are."""
    similarities = np.array([0.9, 0.1, 0.3, 0.2, 0.8, 0.15])
    same = np.array([True, False] * 3)
    folds = np.array([1, 1, 2, 2, 3, 3])
    result = cross_validated(similarities, same, folds)
    assert [row["accuracy"] for row in result["folds"]] == [1.0, 0.5, 1.0]
    assert result["folds"][1]["threshold"] == pytest.approx((0.8 + 0.15) / 2)
    assert result["accuracy"] == pytest.approx(5 / 6)
    assert result["all"]["threshold"] == pytest.approx(np.mean([row["threshold"] for row in result["folds"]]))
    assert result["deviation"] == pytest.approx(np.std([1, 0.5, 1], ddof=1))


def test_the_metric_over_batches_is_the_area_over_all_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.nn.functional.normalize(torch.randn(30, 8, generator=generator))
    labels = torch.randint(0, 5, (30,), generator=generator)
    metric = GatheredMetrics(pair_auc)
    for begin in range(0, 30, 7):
        metric.update(embeddings[begin : begin + 7], labels[begin : begin + 7])
    first, second = torch.triu_indices(30, 30, offset=1)
    expected = roc_auc_score(labels[first] == labels[second], (embeddings @ embeddings.T)[first, second])
    assert metric.compute()["auc"] == pytest.approx(expected, abs=1e-6)
    metric.reset()
    metric.update(embeddings[:3], torch.arange(3))
    assert metric.compute() == {"auc": 0.5}


def test_drawn_pairs_are_as_many_of_each_kind_and_fixed_by_the_seed() -> None:
    labels = [0, 0, 0, 1, 1, 2]
    members, same = pairs_of(labels, most=10, seed=0)
    assert (same.sum(), (~same).sum()) == (4, 4)
    assert all((labels[a] == labels[b]) == kind for (a, b), kind in zip(members, same, strict=True))
    assert len({tuple(pair) for pair in members}) == 8
    np.testing.assert_array_equal(members, pairs_of(labels, 10, 0)[0])
    assert pairs_of(labels, most=2, seed=0)[1].sum() == 2


def test_pairs_of_more_examples_than_a_list_of_all_pairs_could_hold_are_drawn() -> None:
    labels = np.random.default_rng(0).integers(0, 50_000, 200_000)
    members, same = pairs_of(labels, most=1000, seed=0)
    assert (same.sum(), (~same).sum()) == (1000, 1000)
    np.testing.assert_array_equal(labels[members[:, 0]] == labels[members[:, 1]], same)
    assert (members[:, 0] != members[:, 1]).all()
    assert len({tuple(sorted(pair)) for pair in members.tolist()}) == 2000


def test_the_area_over_several_blocks_of_examples_is_that_over_all_pairs() -> None:
    embeddings = torch.randn(2 * BLOCK + 7, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(len(embeddings)) % 40
    first, second = torch.triu_indices(len(labels), len(labels), offset=1)
    expected = roc_auc_score(labels[first] == labels[second], -(embeddings[first] - embeddings[second]).norm(dim=1))
    assert pair_auc(embeddings, labels)["auc"] == pytest.approx(expected, abs=1e-5)


def test_pairs_that_are_equally_far_apart_count_half_and_what_is_no_number_has_no_score() -> None:
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    assert pair_auc(torch.ones(6, 3), labels) == {"auc": 0.5}
    assert np.isnan(pair_auc(torch.full((6, 3), torch.nan), labels)["auc"])
    embeddings = torch.randint(0, 2, (6, 2), generator=torch.Generator().manual_seed(0)).float()
    first, second = torch.triu_indices(6, 6, offset=1)
    expected = roc_auc_score(labels[first] == labels[second], -torch.cdist(embeddings, embeddings)[first, second])
    assert pair_auc(embeddings, labels)["auc"] == pytest.approx(expected)
