"""Answers to exercise 23: a right one in another style, and edits of the solution that make it wrong."""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def train__right_with_a_data_loader(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    loader = DataLoader(TensorDataset(inputs, labels), batch_size=batch_size, shuffle=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    loss = nn.CrossEntropyLoss()
    network.train()
    for _ in range(epochs):
        for batch, truth in loader:
            loss(network(batch), truth).backward()
            optimizer.step()
            optimizer.zero_grad()


@torch.no_grad()
def accuracy__right_with_a_decorator(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    was_training = network.training
    right = (network.eval()(inputs).argmax(dim=1) == labels).sum()
    if was_training:
        network.train()
    return float(right / len(labels))


MISTAKES = {
    "gradients add up": ("optimizer.zero_grad()\n            ", ""),
    "gradients reset before the step": (
        "optimizer.zero_grad()\n            loss.backward()",
        "loss.backward()\n            optimizer.zero_grad()",
    ),
    "one order": (
        "for _ in range(epochs):\n        for batch in torch.randperm(len(inputs)).split(batch_size):",
        "batches = torch.randperm(len(inputs)).split(batch_size)\n"
        "    for _ in range(epochs):\n        for batch in batches:",
    ),
    "last batch left out": (".split(batch_size)", "[: len(inputs) // batch_size * batch_size].split(batch_size)"),
    "with replacement": ("torch.randperm(len(inputs))", "torch.randint(len(inputs), (len(inputs),))"),
    "softmax too many": ("network(inputs[batch])", "network(inputs[batch]).softmax(dim=1)"),
    "mode as it came": ("    network.train()\n", ""),
    "accuracy with dropout": ("    network.eval()\n", ""),
    "stays in eval mode": ("    network.train(mode)\n", ""),
    "always back to training": ("network.train(mode)", "network.train()"),
    "records gradients": ("torch.no_grad()", "torch.enable_grad()"),
    "count": ("float().mean()", "sum()"),
}
