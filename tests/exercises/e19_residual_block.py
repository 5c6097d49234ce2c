"""Answers to exercise 19: right ones in another style, and plausible wrong ones."""

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


class ResidualBlock__wrong_no_sum(ResidualBlock__right_sequential):
    def forward(self, x: Tensor) -> Tensor:
        return self.change(x)


class ResidualBlock__wrong_relu_after_the_sum(ResidualBlock__right_sequential):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.change(x))


class ResidualBlock__wrong_in_place(ResidualBlock__right_sequential):
    def forward(self, x: Tensor) -> Tensor:
        x += self.change(x)
        return x


class ResidualBlock__wrong_no_relu(ResidualBlock__right_sequential):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.change[2](self.change[0](x))


class ResidualBlock__wrong_random_start(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.change = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


class ResidualBlock__wrong_zero_in_both_layers(ResidualBlock__right_sequential):
    """Nothing can ever move `first`: its gradient passes through `second`, and that of `second` through a hidden 0."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden)
        for parameter in self.change.parameters():
            parameter.data.zero_()


class ResidualBlock__wrong_bias_forgotten(ResidualBlock__wrong_random_start):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden)
        nn.init.zeros_(self.change[2].weight)


class ResidualNetwork__wrong_python_list(ResidualNetwork__right_module_list):
    def __init__(self, features: int, classes: int, width: int, hidden: int, depth: int) -> None:
        super().__init__(features, classes, width, hidden, 0)
        del self.blocks
        self.blocks = [ResidualBlock__right_sequential(width, hidden) for _ in range(depth)]


class ResidualNetwork__wrong_one_block_many_times(ResidualNetwork__right_module_list):
    def __init__(self, features: int, classes: int, width: int, hidden: int, depth: int) -> None:
        super().__init__(features, classes, width, hidden, 0)
        self.blocks = nn.Sequential(*[ResidualBlock__right_sequential(width, hidden)] * depth)


class ResidualNetwork__wrong_result_thrown_away(ResidualNetwork__right_module_list):
    def forward(self, inputs: Tensor) -> Tensor:
        x = self.inside(inputs)
        for block in self.blocks:
            block(x)
        return self.outside(x)


class ResidualNetwork__wrong_softmax(ResidualNetwork__right_module_list):
    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs).softmax(dim=1)
