"""The checks of exercise 17."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape
from torch.nn import functional as F

HINT = (
    "predictions.squeeze(1) makes [N] of [N, 1]. With softplus, the loss of a yes is softplus(-logit), of a no "
    "softplus(logit); multiply by labels and 1 - labels."
)

PREDICTIONS = torch.randn(12, 1, generator=torch.Generator().manual_seed(0))
TARGETS = torch.randn(12, generator=torch.Generator().manual_seed(1))
LABELS = (TARGETS > 0).float()
BROADCAST = "[N, 1] - [N] broadcasts to [N, N], every prediction against every target"


def check_the_squared_error_compares_pairs(exercise: ModuleType) -> None:
    found = exercise.mean_squared_error(PREDICTIONS, TARGETS)
    expect_shape(found, (), "mean_squared_error of [12, 1] and [12]", "the mean over the examples is missing")
    crossed = (PREDICTIONS - TARGETS).square().mean()
    expect(abs(float(found - crossed)) > 1e-6, "every prediction was compared with every target", BROADCAST)
    expected = F.mse_loss(PREDICTIONS[:, 0], TARGETS)
    expect_close(found, expected, "mean_squared_error", "square first, then take the mean; no root", tolerance=1e-5)


def check_the_absolute_error_compares_pairs(exercise: ModuleType) -> None:
    found = exercise.mean_absolute_error(PREDICTIONS, TARGETS)
    expect_shape(found, (), "mean_absolute_error of [12, 1] and [12]", "the mean over the examples is missing")
    crossed = (PREDICTIONS - TARGETS).abs().mean()
    expect(abs(float(found - crossed)) > 1e-6, "every prediction was compared with every target", BROADCAST)
    expected = F.l1_loss(PREDICTIONS[:, 0], TARGETS)
    expect_close(found, expected, "mean_absolute_error", "absolute values first, then the mean", tolerance=1e-5)


def check_binary_cross_entropy_equals_that_of_pytorch(exercise: ModuleType) -> None:
    logits = PREDICTIONS[:, 0]
    found = exercise.binary_cross_entropy(logits, LABELS)
    expect_shape(found, (), "binary_cross_entropy of [12] and [12]", "the mean over the examples is missing")
    expected = F.binary_cross_entropy_with_logits(logits, LABELS)
    mistake = "-log(sigmoid(logit)) for a yes, -log(1 - sigmoid(logit)) for a no, and the mean of all"
    expect_close(found, expected, "binary_cross_entropy(logits, labels)", mistake, tolerance=1e-5)


def check_a_hopeless_prediction_has_a_finite_loss_and_a_gradient(exercise: ModuleType) -> None:
    logits = torch.tensor([1000.0, -1000.0], requires_grad=True)
    found = exercise.binary_cross_entropy(logits, torch.tensor([0.0, 1.0]))
    mistake = "a sigmoid that became exactly 0 or 1 before the logarithm; use softplus"
    expect_close(found, 1000, "binary_cross_entropy([1000, -1000], [0, 1])", mistake)
    found.backward()
    expect_close(logits.grad, [0.5, -0.5], "its gradient", mistake)
