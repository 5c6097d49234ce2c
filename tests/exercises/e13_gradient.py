"""Answers to exercise 13: a right one in another style, and plausible wrong ones."""

import numpy as np
from scipy.special import softmax

Pair = tuple[np.ndarray, np.ndarray]


def gradients__right_one_example_at_a_time(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> Pair:
    of_weights, of_bias = np.zeros_like(weights), np.zeros_like(bias)
    for example, label in zip(inputs, labels, strict=True):
        error = softmax(example @ weights + bias) - np.eye(len(bias))[label]
        of_weights += np.outer(example, error) / len(inputs)
        of_bias += error / len(inputs)
    return of_weights, of_bias


def gradients__wrong_no_shift(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray) -> Pair:
    powers = np.exp(inputs @ weights + bias)
    errors = (powers / powers.sum(axis=1, keepdims=True) - np.eye(len(bias))[labels]) / len(labels)
    return inputs.T @ errors, errors.sum(axis=0)


def gradients__wrong_sum_in_place_of_mean(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> Pair:
    errors = softmax(inputs @ weights + bias, axis=1) - np.eye(len(bias))[labels]
    return inputs.T @ errors, errors.sum(axis=0)


def gradients__wrong_no_labels(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray) -> Pair:
    errors = softmax(inputs @ weights + bias, axis=1) / len(labels)
    return inputs.T @ errors, errors.sum(axis=0)


def gradients__wrong_sign(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray) -> Pair:
    errors = (np.eye(len(bias))[labels] - softmax(inputs @ weights + bias, axis=1)) / len(labels)
    return inputs.T @ errors, errors.sum(axis=0)


def gradients__wrong_transposed(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray) -> Pair:
    errors = (softmax(inputs @ weights + bias, axis=1) - np.eye(len(bias))[labels]) / len(labels)
    return errors.T @ inputs, errors.sum(axis=0)


def gradients__wrong_bias_divided_twice(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> Pair:
    errors = (softmax(inputs @ weights + bias, axis=1) - np.eye(len(bias))[labels]) / len(labels)
    return inputs.T @ errors, errors.mean(axis=0)


def gradients__wrong_bias_forgotten_in_logits(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> Pair:
    errors = (softmax(inputs @ weights, axis=1) - np.eye(len(bias))[labels]) / len(labels)
    return inputs.T @ errors, errors.sum(axis=0)


def gradients__wrong_keepdims(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray) -> Pair:
    errors = (softmax(inputs @ weights + bias, axis=1) - np.eye(len(bias))[labels]) / len(labels)
    return inputs.T @ errors, errors.sum(axis=0, keepdims=True)


def gradients__wrong_inputs_divided_in_place(
    inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, labels: np.ndarray
) -> Pair:
    errors = softmax(inputs @ weights + bias, axis=1) - np.eye(len(bias))[labels]
    inputs /= len(labels)
    return inputs.T @ errors, errors.mean(axis=0)
