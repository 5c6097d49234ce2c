"""Answers to exercise 19: right ones in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor, nn


class ResidualBlock__right_sequential(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.change = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        for parameter in self.change[2].parameters():
            parameter.data.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.change(x), x)


class ResidualNetwork__right_module_list(nn.Module):
    def __init__(self, features: int, classes: int, width: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.inside = nn.Linear(features, width)
        self.blocks = nn.ModuleList(ResidualBlock__right_sequential(width, hidden) for _ in range(depth))
        self.outside = nn.Linear(width, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        x = self.inside(inputs)
        for block in self.blocks:
            x = block(x)
        return self.outside(x)


CHANGE = "self.second(torch.relu(self.first(x)))"
WEIGHT, BIAS = "nn.init.zeros_(self.second.weight)", "nn.init.zeros_(self.second.bias)"
LOGITS = "return self.head(self.blocks(self.stem(inputs)))"
MISTAKES = {
    "no sum": (f"x + {CHANGE}", CHANGE),
    "ReLU after the sum": (f"x + {CHANGE}", f"torch.relu(x + {CHANGE})"),
    "in place": (f"return x + {CHANGE}", f"x += {CHANGE}\n        return x"),
    "no ReLU": ("torch.relu(self.first(x))", "self.first(x)"),
    "random start": (WEIGHT, "pass", BIAS, "pass"),
    # Nothing can ever move `first`: its gradient passes through `second`, and that of `second` through a hidden 0.
    "zero in both layers": (BIAS, "[nn.init.zeros_(parameter) for parameter in self.parameters()]"),
    "bias forgotten": (BIAS, "pass"),
    "Python list": ("self.blocks = nn", "self.list = [0]\n        self.list[0] = nn", "self.blocks(", "self.list[0]("),
    "one block many times": (" for _ in range(depth)]", "] * depth"),
    "result thrown away": (LOGITS, "x = self.stem(inputs)\n        self.blocks(x)\n        return self.head(x)"),
    "softmax": (LOGITS, f"{LOGITS}.softmax(dim=1)"),
}
