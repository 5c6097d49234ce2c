"""The checks of exercise 21."""

from types import ModuleType
from typing import Any

import torch
from expect import expect, expect_close
from torch import Tensor

HINT = (
    "state['step'] = state.get('step', 0) + 1; parameter.mul_(1 - rate * decay) first; the averages go into `state`, "
    "first / (1 - beta1 ** step) goes into new variables. eps is added after the root."
)


def start() -> Tensor:
    return torch.tensor([[1.0, -2.0, 0.5], [3.0, 1e-3, -1.0]], requires_grad=True)


def slope(parameter: Tensor) -> None:
    """Fill `.grad` with slopes of different sizes, one of them tiny."""
    parameter.grad = None
    scales = torch.tensor([[1.0, 100.0, 0.01], [1.0, 1e-6, 5.0]])
    (scales * parameter.square()).sum().backward()


def run(exercise: ModuleType, steps: int, **options: float) -> tuple[Tensor, dict[str, Any]]:
    parameter, state = start(), {}
    for _ in range(steps):
        slope(parameter)
        try:
            exercise.adamw_step(parameter, state, 0.1, **options)
        except RuntimeError as error:
            if "grad" not in str(error):  # also an exercise that is not written yet
                raise
            raise AssertionError(
                f"PyTorch says: {str(error).rstrip('.')}. Likely: torch.no_grad() is missing around the step"
            ) from None
    return parameter, state


def reference(steps: int, decay: float, eps: float = 1e-8, beta2: float = 0.999) -> Tensor:
    parameter = start()
    optimizer = torch.optim.AdamW([parameter], lr=0.1, weight_decay=decay, eps=eps, betas=(0.9, beta2))
    for _ in range(steps):
        slope(parameter)
        optimizer.step()
    return parameter


def check_the_first_step_has_the_size_of_the_rate(exercise: ModuleType) -> None:
    mistake = "without the correction the first step is of another size: divide by 1 - beta ** step, with step 1"
    expect_close(run(exercise, 1, decay=0.0)[0], reference(1, 0), "after 1 step", mistake, tolerance=1e-5)


def check_many_steps_equal_those_of_pytorch(exercise: ModuleType) -> None:
    mistake = "the averages are not kept in state, the corrected ones are kept, or the step is not counted"
    expect_close(run(exercise, 20, decay=0.0)[0], reference(20, 0), "after 20 steps without decay", mistake, 1e-4)


def check_betas_and_eps_are_used_where_they_belong(exercise: ModuleType) -> None:
    found, expected = run(exercise, 5, decay=0.0, eps=0.1)[0], reference(5, 0, eps=0.1)
    mistake = "eps is added to the root of the corrected average, not under the root and not before the correction"
    expect_close(found, expected, "after 5 steps with eps=0.1", mistake, tolerance=1e-4)
    mistake = "beta2 belongs to the average of squares, in the average and in its correction"
    expect_close(run(exercise, 5, decay=0.0, beta2=0.5)[0], reference(5, 0, beta2=0.5), "with beta2=0.5", mistake, 1e-4)


def check_decay_does_not_pass_through_the_averages(exercise: ModuleType) -> None:
    mistake = "decay shrinks the parameter by rate * decay, before the step; it is not added to the gradient"
    expect_close(run(exercise, 10, decay=0.5)[0], reference(10, 0.5), "after 10 steps with decay=0.5", mistake, 1e-4)


def check_the_step_is_not_recorded_and_the_gradient_stays(exercise: ModuleType) -> None:
    parameter, state = run(exercise, 2)
    recorded = [key for key, value in state.items() if getattr(value, "requires_grad", False)]
    expect(not recorded, f"{', '.join(recorded)} in state is part of autograd's graph", "torch.no_grad() is missing")
    expect(parameter.is_leaf, "the parameter is no leaf any more", "torch.no_grad() is missing")
    slope(parameter)
    assert parameter.grad is not None
    before = parameter.grad.clone()
    exercise.adamw_step(parameter, state, 0.1)
    expect_close(parameter.grad, before, "the gradient after the step", "an in-place operation changed .grad")
