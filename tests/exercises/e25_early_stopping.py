"""Answers to exercise 25: a right one in another style, and plausible wrong ones."""

import copy
from collections.abc import Callable

import torch
from torch import nn

Train, Measure = Callable[[nn.Module], None], Callable[[nn.Module], float]


def fit__right_counts_bad_epochs(network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int) -> int:
    losses: list[float] = []
    bad, best = 0, [parameter.detach().clone() for parameter in network.parameters()]
    for _ in range(epochs):
        train(network)
        losses.append(measure(network))
        bad = bad + 1 if losses[-1] > min(losses) or losses[-1] in losses[:-1] else 0
        if bad == 0:
            best = [parameter.detach().clone() for parameter in network.parameters()]
        if bad == patience:
            break
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), best, strict=True):
            parameter.copy_(value)
    return len(losses)


def fit__wrong_weights_without_a_copy(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, network.state_dict()
        else:
            bad += 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch


def fit__wrong_weights_of_the_last_epoch(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad = float("inf"), 0
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad == patience:
            break
    return epoch


def fit__wrong_equal_is_better(network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss <= best:
            best, bad, weights = loss, 0, copy.deepcopy(network.state_dict())
        else:
            bad += 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch


def fit__wrong_compared_with_the_epoch_before(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, copy.deepcopy(network.state_dict())
        else:
            best, bad = loss, bad + 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch


def fit__wrong_one_epoch_too_many(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, copy.deepcopy(network.state_dict())
        else:
            bad += 1
        if bad > patience:
            break
    network.load_state_dict(weights)
    return epoch


def fit__wrong_bad_epochs_in_all(network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, weights = loss, copy.deepcopy(network.state_dict())
        else:
            bad += 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch


def fit__wrong_restored_only_when_stopped(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, copy.deepcopy(network.state_dict())
        else:
            bad += 1
        if bad == patience:
            network.load_state_dict(weights)
            break
    return epoch


def fit__wrong_returns_the_best_epoch(
    network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int
) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, copy.deepcopy(network.state_dict())
        else:
            bad += 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch - bad


def fit__wrong_shallow_copy(network: nn.Module, train: Train, measure: Measure, epochs: int, patience: int) -> int:
    best, bad, weights = float("inf"), 0, copy.deepcopy(network.state_dict())
    epoch = 0
    while epoch < epochs:
        epoch += 1
        train(network)
        loss = measure(network)
        if loss < best:
            best, bad, weights = loss, 0, dict(network.state_dict())
        else:
            bad += 1
        if bad == patience:
            break
    network.load_state_dict(weights)
    return epoch
