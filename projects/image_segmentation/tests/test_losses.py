"""Losses: small for correct predictions, blind to ignored pixels, and summed by their weights."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from src.config import LossConfig
from src.losses import make_loss
from src.masks import IGNORE

MASKS = torch.tensor([[[0, 0, 1], [1, 2, 2]]])
ALONE = [LossConfig(1, 0, 0), LossConfig(0, 1, 0), LossConfig(0, 0, 1)]


def logits(masks: Tensor, sure: float = 20.0) -> Tensor:
    return sure * one_hot(masks, 3).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("config", ALONE)
def test_correct_predictions_cost_nothing_and_wrong_ones_much(config: LossConfig) -> None:
    loss = make_loss(config)
    assert float(loss(logits(MASKS), MASKS)) == pytest.approx(0, abs=1e-3)
    assert float(loss(logits((MASKS + 1) % 3), MASKS)) > 0.5


@pytest.mark.parametrize("config", ALONE)
def test_ignored_pixels_cost_nothing(config: LossConfig) -> None:
    predicted = logits(MASKS)
    predicted[0, :, 0, 0] = torch.tensor([-20.0, 20.0, 0.0])
    ignoring = MASKS.clone()
    ignoring[0, 0, 0] = IGNORE
    assert float(make_loss(config)(predicted, ignoring)) == pytest.approx(0, abs=1e-3)
    nothing = torch.full_like(MASKS, IGNORE)
    assert float(make_loss(config)(predicted, nothing)) == 0


def test_the_losses_are_summed() -> None:
    predicted = logits(MASKS, 0.5)
    terms = [float(make_loss(config)(predicted, MASKS)) for config in ALONE]
    total = float(make_loss(LossConfig(2, 3, 0.5))(predicted, MASKS))
    assert total == pytest.approx(2 * terms[0] + 3 * terms[1] + 0.5 * terms[2], rel=1e-5)
    assert terms[0] == pytest.approx(float(cross_entropy(predicted, MASKS)), rel=1e-5)


def test_class_weights_change_what_a_mistake_costs() -> None:
    weights = torch.tensor([1.0, 10.0, 1.0])
    wrong_about_1 = logits(torch.where(MASKS == 1, 0, MASKS))
    plain, weighted = (float(make_loss(ALONE[0], weights=w)(wrong_about_1, MASKS)) for w in (None, weights))
    assert weighted == pytest.approx(10 * plain, rel=1e-4)


def test_smoothed_targets_keep_the_loss_above_zero() -> None:
    smoothed = float(make_loss(ALONE[0], label_smoothing=0.1)(logits(MASKS), MASKS))
    assert math.isfinite(smoothed)
    assert smoothed > 0.5
