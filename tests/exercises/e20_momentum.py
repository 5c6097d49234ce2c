"""Answers to exercise 20: a right one in another style, and edits of the solution that make it wrong."""

from torch import Tensor


def momentum_step__right_by_index(
    parameters: list[Tensor], velocities: list[Tensor], rate: float, momentum: float
) -> None:
    for index in range(len(parameters)):
        gradient = parameters[index].grad
        if gradient is None:
            continue
        velocities[index] *= momentum
        velocities[index] += gradient
        parameters[index].data -= rate * velocities[index]


MISTAKES = {
    "velocity forgotten": (
        "velocity.mul_(momentum).add_(parameter.grad)",
        "velocity = momentum * velocity + parameter.grad",
    ),
    "average": ("add_(parameter.grad)", "add_((1 - momentum) * parameter.grad)"),
    "rate in the velocity": (
        "add_(parameter.grad)\n            parameter.sub_(rate * velocity)",
        "add_(rate * parameter.grad)\n            parameter.sub_(velocity)",
    ),
    "uphill": ("parameter.sub_(", "parameter.add_("),
    "recorded": ("@torch.no_grad()\n", ""),
    "new tensors": ("parameter.sub_(rate * velocity)", "parameter = parameter - rate * velocity"),
    "None ends the loop": (
        "if parameter.grad is not None:",
        "if parameter.grad is None:\n            return\n        else:",
    ),
    "None not expected": ("if parameter.grad is not None:", "if True:"),
    "gradient changed": (
        "velocity.mul_(momentum).add_(parameter.grad)",
        "velocity.copy_(parameter.grad.add_(velocity, alpha=momentum))",
    ),
}
