"""Answers to exercise 09: right ones in another style, and edits of the solution that make it wrong."""

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


MISTAKES = {
    "not shuffled": ("np.random.default_rng(seed).permutation(examples)", "np.arange(examples)"),
    "the rest is lost": ("permutation(examples)", "permutation(examples // count * count)"),
    "the rest in the last": (
        "np.array_split(np.random.default_rng(seed).permutation(examples), count)",
        "np.split(np.random.default_rng(seed).permutation(examples), examples // count * np.arange(1, count))",
    ),
    "drawn anew": ("permutation(examples)", "integers(0, examples, examples)"),
    "no seed": ("default_rng(seed)", "default_rng()"),
    "one seed for all": ("default_rng(seed)", "default_rng(0)"),
    "trained on all": ("fit(features[train], labels[train])", "fit(features, labels)"),
    "exchanged": ("number, test in", "number, train in", "train = np.concatenate", "test = np.concatenate"),
    "no clone": ("clone(model).fit", "model.fit"),
    "one clone for all": ("accuracies = []", "accuracies, model = [], clone(model)", "clone(model).fit", "model.fit"),
    "scored on training": ("features[test]) == labels[test]", "features[train]) == labels[train]"),
    "mean": ("np.array(accuracies)", "np.mean(accuracies)"),
}
