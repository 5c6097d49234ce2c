"""Answers to exercise 06: right ones in another style, and plausible wrong ones."""

import numpy as np


def fit__right_by_centering_and_pseudo_inverse(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    weights = np.linalg.pinv(features - features.mean(axis=0)) @ (targets - targets.mean())
    return np.append(weights, targets.mean() - features.mean(axis=0) @ weights)


def predict__right_in_a_loop(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.array([sum(a * b for a, b in zip([*row, 1], weights, strict=True)) for row in features])


def r2__right_by_variance(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(1 - np.square(predictions - targets).mean() / targets.var())


def fit__wrong_no_bias(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.append(np.linalg.lstsq(features, targets, rcond=None)[0], 0)


def fit__wrong_bias_forgotten(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(features, targets, rcond=None)[0]


def fit__wrong_bias_first(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.hstack([np.ones((len(features), 1)), features]), targets, rcond=None)[0]


def fit__wrong_inverse(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    table = np.hstack([features, np.ones((len(features), 1))])
    return np.linalg.inv(table.T @ table) @ table.T @ targets


def predict__wrong_no_bias(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return features @ weights[:-1]


def predict__wrong_column(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return features @ weights[:-1, None] + weights[-1]


def r2__wrong_exchanged(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(1 - ((targets - predictions) ** 2).sum() / ((predictions - predictions.mean()) ** 2).sum())


def r2__wrong_squared_correlation(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.corrcoef(targets, predictions)[0, 1] ** 2)


def r2__wrong_share_that_is_left(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(((targets - predictions) ** 2).sum() / ((targets - targets.mean()) ** 2).sum())
