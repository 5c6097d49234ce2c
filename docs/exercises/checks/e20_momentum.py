"""The checks of exercise 20."""

from types import ModuleType

import torch
from expect import expect, expect_close
from torch import Tensor

HINT = (
    "@torch.no_grad() above the function; for each pair: velocity.mul_(momentum).add_(parameter.grad), then "
    "parameter.sub_(rate * velocity). A plain `velocity = ...` makes a new tensor that is forgotten after the call."
)

RATES = (0.1, 0.05, 0.02, 0.02)


def start() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in ((3, 2), (4,))]


def slope(parameters: list[Tensor]) -> None:
    """Fill `.grad` with the gradient of a bowl that is steeper in one parameter than in the other."""
    for parameter in parameters:
        parameter.grad = None
    (parameters[0].square().sum() + 3 * parameters[1].square().sum()).backward()


def run(exercise: ModuleType, rates: tuple[float, ...]) -> tuple[list[Tensor], list[Tensor]]:
    parameters = start()
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    for rate in rates:
        slope(parameters)
        try:
            exercise.momentum_step(parameters, velocities, rate, 0.9)
        except RuntimeError as error:
            if "grad" not in str(error):  # also an exercise that is not written yet
                raise
            raise AssertionError(
                f"PyTorch says: {str(error).rstrip('.')}. Likely: torch.no_grad() is missing around the step"
            ) from None
    return parameters, velocities


def reference(rates: tuple[float, ...]) -> tuple[list[Tensor], torch.optim.SGD]:
    parameters = start()
    optimizer = torch.optim.SGD(parameters, lr=1.0, momentum=0.9)
    for rate in rates:
        slope(parameters)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    return parameters, optimizer


def check_the_first_step_is_plain_gradient_descent(exercise: ModuleType) -> None:
    found, expected = run(exercise, RATES[:1])[0], reference(RATES[:1])[0]
    mistake = "velocity = momentum * velocity + gradient, all of the gradient; then minus rate * velocity; in place"
    if all(torch.equal(now, before) for now, before in zip(found, start(), strict=True)):
        mistake = "the parameters did not change: `parameter = ...` makes a new tensor; subtract in place"
    for index in range(2):
        expect_close(found[index], expected[index], f"parameters[{index}] after 1 step", mistake, tolerance=1e-5)


def check_later_steps_remember_the_earlier_ones(exercise: ModuleType) -> None:
    (found, velocities), (expected, optimizer) = run(exercise, RATES), reference(RATES)
    for index in range(2):
        buffer = optimizer.state[expected[index]]["momentum_buffer"]
        mistake = "the velocity is not kept from call to call (change it in place), or the rate is inside the velocity"
        expect_close(velocities[index], buffer, f"velocities[{index}] after 4 steps", mistake, tolerance=1e-5)
        mistake = "the velocity of the step before is used, or the gradient in place of the velocity"
        expect_close(found[index], expected[index], f"parameters[{index}] after 4 steps", mistake, tolerance=1e-5)


def check_the_step_is_not_recorded_and_gradients_stay(exercise: ModuleType) -> None:
    parameters, velocities = run(exercise, RATES[:2])
    expect(not velocities[0].requires_grad, "the velocity is part of autograd's graph", "torch.no_grad() is missing")
    leaf = parameters[0].is_leaf and parameters[0].requires_grad
    expect(leaf, "the parameter is no leaf with requires_grad any more", "torch.no_grad() is missing")
    before = start()
    slope(before)
    gradients = [parameter.grad.clone() for parameter in before]  # type: ignore[union-attr]
    exercise.momentum_step(before, [torch.ones_like(parameter) for parameter in before], 0.1, 0.9)
    mistake = "an in-place operation changed .grad; the next reader of it is surprised"
    expect_close(before[0].grad, gradients[0], "the gradient after the step", mistake)


def check_a_parameter_without_a_gradient_stays(exercise: ModuleType) -> None:
    parameters = start()
    slope(parameters)
    parameters[0].grad = None
    velocities = [torch.ones_like(parameter) for parameter in parameters]
    before = parameters[0].detach().clone()
    try:
        exercise.momentum_step(parameters, velocities, 0.1, 0.9)
    except (TypeError, AttributeError) as error:
        raise AssertionError(f"a gradient of None raises {type(error).__name__}: leave out that parameter") from None
    expect_close(parameters[0], before, "a parameter without a gradient, after the step", "leave out that parameter")
    expect_close(velocities[0], torch.ones(3, 2), "its velocity", "leave out that parameter")
    expect(bool((velocities[1] != 1).any()), "the parameter after it was left out too", "continue, not return or break")
