"""The checks of exercise 26."""

from types import ModuleType

import torch
from expect import expect, expect_close, expect_shape
from torch import Tensor

HINT = (
    "torch.rand_like(values) >= drop is True for the values that are left; divide them by 1 - drop. In training only."
)

VALUES = torch.rand(400, 50, generator=torch.Generator().manual_seed(0)) + 1  # [400, 50], none is zero


def drop_values(exercise: ModuleType, drop: float, training: bool = True) -> Tensor:
    torch.manual_seed(1)
    found: Tensor = exercise.dropout(VALUES.clone(), drop, training)
    expect_shape(found, (400, 50), "dropout(values [400, 50])", "the zeros are kept, not taken out")
    return found


def check_evaluation_changes_nothing(exercise: ModuleType) -> None:
    mistake = "in evaluation nothing is dropped and nothing is scaled"
    expect_close(drop_values(exercise, 0.5, training=False), VALUES, "dropout(values, 0.5, training=False)", mistake)
    expect_close(drop_values(exercise, 0.0), VALUES, "dropout(values, 0.0, training=True)")


def check_the_share_of_zeros(exercise: ModuleType) -> None:
    for drop in (0.2, 0.75):
        share = float((drop_values(exercise, drop) == 0).float().mean())
        problem = f"dropout with drop={drop} sets {share:.2f} of the values to zero; expected {drop} within 0.02"
        expect(abs(share - drop) < 0.02, problem, "drop is the probability to become zero, not to be left")


def check_what_is_left_is_enlarged(exercise: ModuleType) -> None:
    found = drop_values(exercise, 0.75)
    left = found != 0
    ratio = float((found[left] / VALUES[left]).mean())
    problem = f"with drop=0.75, the values that are left are {ratio:.3g} times what they were; expected 4"
    expect(abs(ratio - 4) < 1e-3, problem, "divide by 1 - drop")


def check_each_value_is_drawn_alone(exercise: ModuleType) -> None:
    zeros = (drop_values(exercise, 0.5) == 0).float()
    for axis, name in ((0, "columns"), (1, "rows")):
        spread = float(zeros.mean(axis).std())
        problem = f"the share of zeros differs by {spread:.2f} between {name}, as if whole {name} were dropped"
        expect(spread < 0.2, problem, "the mask has the shape of the values, not of one row or one column")
    expect(len(torch.unique(zeros, dim=0)) > 300, "the same places are zero in all rows", "one mask for all rows")


def check_each_call_draws_again(exercise: ModuleType) -> None:
    torch.manual_seed(2)
    first, second = (exercise.dropout(VALUES.clone(), 0.5, True) for _ in range(2))
    same = bool(((first == 0) == (second == 0)).all())
    expect(not same, "two calls drop the same values", "a seed is set inside the function")


def check_the_argument_stays_as_it_is(exercise: ModuleType) -> None:
    values = VALUES.clone()
    exercise.dropout(values, 0.5, True)
    expect_close(values, VALUES, "the argument after the call", "values *= mask changes it; write values * mask")


def check_all_can_be_dropped(exercise: ModuleType) -> None:
    found = drop_values(exercise, 1.0)
    expect_close(found, torch.zeros(400, 50), "dropout(values, 1.0, training=True)", "a division by 1 - drop = 0")


def check_gradients_flow_through_what_is_left(exercise: ModuleType) -> None:
    values = VALUES.clone().requires_grad_()
    torch.manual_seed(3)
    found = exercise.dropout(values, 0.5, True)
    expect(found.requires_grad, "the result has no gradient", "the values were detached")
    found.sum().backward()
    expect_close(values.grad, torch.where(found == 0, 0.0, 2.0), "the gradient of the sum with drop=0.5")
