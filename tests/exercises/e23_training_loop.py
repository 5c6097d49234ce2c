"""Answers to exercise 23: a right one in another style, and plausible wrong ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
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


def train__wrong_gradients_add_up(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(batch_size):
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def train__wrong_gradients_reset_before_the_step(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(batch_size):
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.zero_grad()
            optimizer.step()


def train__wrong_one_order(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    batches = torch.randperm(len(inputs)).split(batch_size)
    for _ in range(epochs):
        for batch in batches:
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def train__wrong_last_batch_left_out(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for step in range(len(inputs) // batch_size):
            batch = order[step * batch_size : (step + 1) * batch_size]
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def train__wrong_with_replacement(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        for batch in torch.randint(len(inputs), (len(inputs),)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def train__wrong_softmax_too_many(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]).softmax(dim=1), labels[batch]).backward()
            optimizer.step()


def train__wrong_mode_as_it_came(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, epochs: int, batch_size: int, rate: float
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def accuracy__wrong_with_dropout(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return (network(inputs).argmax(1) == labels).float().mean().item()


def accuracy__wrong_stays_in_eval_mode(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        return (network(inputs).argmax(1) == labels).float().mean().item()


def accuracy__wrong_always_back_to_training(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        right = (network(inputs).argmax(1) == labels).float().mean().item()
    network.train()
    return right


def accuracy__wrong_records_gradients(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    mode = network.training
    network.eval()
    right = (network(inputs).argmax(1) == labels).float().mean().item()
    network.train(mode)
    return right


def accuracy__wrong_count(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    mode = network.training
    network.eval()
    with torch.no_grad():
        right = (network(inputs).argmax(1) == labels).sum().item()
    network.train(mode)
    return right
