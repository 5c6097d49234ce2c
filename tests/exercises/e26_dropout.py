"""Answers to exercise 26: a right one in another style, and edits of the solution that make it wrong."""

from torch import Tensor
from torch.nn import functional as F


def dropout__right_by_pytorch(values: Tensor, drop: float, training: bool) -> Tensor:
    return F.dropout(values, drop, training)


SCALED, RANDOM = "values * left / max(1 - drop, 1e-6)", "torch.rand_like(values)"
MISTAKES = {
    "no scale": (SCALED, "values * left"),
    "scale in evaluation": (SCALED, "values * left", "return values\n", "return values * (1 - drop)\n"),
    "training is ignored": ("not training or drop == 0", "drop == 0"),
    "probability to stay": ("    if not training", "    drop = 1 - drop\n    if not training"),
    "scale by drop": (SCALED, "values * left / max(drop, 1e-6)"),
    "one mask for all rows": (RANDOM, "torch.rand(values.shape[-1])"),
    "whole rows": (RANDOM, "torch.rand(values.shape[0], 1)"),
    "in place": (f"return {SCALED}", "values.detach().mul_(left / max(1 - drop, 1e-6))\n    return values"),
    "normal numbers": (RANDOM, "torch.randn_like(values)"),
    "division by zero": (SCALED, "values * left / (1 - drop)"),
    "seed inside": ("left =", "torch.manual_seed(0)\n    left ="),
    "detached": (SCALED, "values.detach() * left / max(1 - drop, 1e-6)"),
}
