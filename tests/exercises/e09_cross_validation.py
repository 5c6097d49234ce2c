"""Answers to exercise 09: right ones in another style, and plausible wrong ones."""

import random
from typing import Any

import numpy as np
from sklearn.base import clone


def make_folds__right_by_dealing_cards(examples: int, count: int, seed: int) -> list[np.ndarray]:
    cards = list(range(examples))
    random.Random(seed).shuffle(cards)
    return [np.array(cards[start::count]) for start in range(count)]


def cross_validate__right_by_masks(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    accuracies = np.zeros(len(folds))
    for number, fold in enumerate(folds):
        test = np.isin(np.arange(len(labels)), fold)
        accuracies[number] = clone(model).fit(features[~test], labels[~test]).score(features[test], labels[test])
    return accuracies


def make_folds__wrong_not_shuffled(examples: int, count: int, seed: int) -> list[np.ndarray]:
    return np.array_split(np.arange(examples), count)


def make_folds__wrong_rest_is_lost(examples: int, count: int, seed: int) -> list[np.ndarray]:
    order, size = np.random.default_rng(seed).permutation(examples), examples // count
    return [order[start * size : (start + 1) * size] for start in range(count)]


def make_folds__wrong_rest_in_the_last(examples: int, count: int, seed: int) -> list[np.ndarray]:
    order, size = np.random.default_rng(seed).permutation(examples), examples // count
    return np.split(order, [start * size for start in range(1, count)])


def make_folds__wrong_drawn_anew(examples: int, count: int, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [part[:] for part in np.array_split(generator.integers(0, examples, examples), count)]


def make_folds__wrong_no_seed(examples: int, count: int, seed: int) -> list[np.ndarray]:
    return np.array_split(np.random.default_rng().permutation(examples), count)


def make_folds__wrong_one_seed_for_all(examples: int, count: int, seed: int) -> list[np.ndarray]:
    return np.array_split(np.random.default_rng(0).permutation(examples), count)


def cross_validate__wrong_trained_on_all(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    return np.array([clone(model).fit(features, labels).score(features[fold], labels[fold]) for fold in folds])


def cross_validate__wrong_exchanged(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    others = [np.setdiff1d(np.arange(len(labels)), fold) for fold in folds]
    pairs = zip(folds, others, strict=True)
    return np.array(
        [clone(model).fit(features[one], labels[one]).score(features[two], labels[two]) for one, two in pairs]
    )


def cross_validate__wrong_no_clone(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    accuracies = []
    for fold in folds:
        train = np.setdiff1d(np.arange(len(labels)), fold)
        accuracies.append(model.fit(features[train], labels[train]).score(features[fold], labels[fold]))
    return np.array(accuracies)


def cross_validate__wrong_one_clone_for_all(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    return cross_validate__wrong_no_clone(clone(model), features, labels, folds)


def cross_validate__wrong_scored_on_training(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    accuracies = []
    for fold in folds:
        train = np.setdiff1d(np.arange(len(labels)), fold)
        accuracies.append(clone(model).fit(features[train], labels[train]).score(features[train], labels[train]))
    return np.array(accuracies)


def cross_validate__wrong_mean(
    model: Any, features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    return cross_validate__right_by_masks(model, features, labels, folds).mean()
