"""Answers to exercise 13: a right one in another style, and edits of the solution that make it wrong."""

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


MISTAKES = {
    "no shift": (" - logits.max(axis=1, keepdims=True)", ""),
    "sum in place of mean": ("    errors /= len(labels)\n", ""),
    "no labels": ("    errors[np.arange(len(labels)), labels] -= 1\n", ""),
    "sign": ("errors /= len(labels)", "errors /= -len(labels)"),
    "transposed": ("inputs.T @ errors", "errors.T @ inputs"),
    "bias divided twice": ("errors.sum(axis=0)", "errors.mean(axis=0)"),
    "bias forgotten in logits": (" + bias", ""),
    "keepdims": ("errors.sum(axis=0)", "errors.sum(axis=0, keepdims=True)"),
    "inputs divided in place": (
        "errors /= len(labels)\n    return inputs.T @ errors, errors.sum(axis=0)",
        "inputs /= len(labels)\n    return inputs.T @ errors, errors.mean(axis=0)",
    ),
}
