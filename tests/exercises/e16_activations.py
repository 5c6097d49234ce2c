"""Answers to exercise 16: right ones in another style, and plausible wrong ones."""

import numpy as np
import torch
from scipy.special import expit


def relu__right_by_a_product(x: np.ndarray) -> np.ndarray:
    return x * (x > 0)


def relu_slope__right_by_heaviside(x: np.ndarray) -> np.ndarray:
    return np.heaviside(x, 0)


def sigmoid__right_by_tanh(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(x / 2)) / 2


def sigmoid_slope__right_by_autograd(x: np.ndarray) -> np.ndarray:
    inputs = torch.from_numpy(x.copy()).requires_grad_()
    inputs.sigmoid().sum().backward()
    return inputs.grad.numpy()


def relu__wrong_absolute_value(x: np.ndarray) -> np.ndarray:
    return np.abs(x)


def relu__wrong_in_place(x: np.ndarray) -> np.ndarray:
    x[x < 0] = 0
    return x


def relu__wrong_negative_values_left_out(x: np.ndarray) -> np.ndarray:
    return x[x > 0]


def relu__wrong_one_maximum_of_all(x: np.ndarray) -> np.ndarray:
    return max(0, x.max())


def relu_slope__wrong_relu_itself(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def relu_slope__wrong_sign(x: np.ndarray) -> np.ndarray:
    return np.sign(x)


def relu_slope__wrong_one_at_zero(x: np.ndarray) -> np.ndarray:
    return (x >= 0).astype(float)


def sigmoid__wrong_sign(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(x))


def sigmoid__wrong_overflow(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / (1 + np.exp(x))


def sigmoid_slope__wrong_of_a_value_that_is_a_sigmoid_already(x: np.ndarray) -> np.ndarray:
    return x * (1 - x)


def sigmoid_slope__wrong_sign(x: np.ndarray) -> np.ndarray:
    return -np.exp(-x) / (1 + np.exp(-x)) ** 2


def sigmoid_slope__wrong_square_forgotten(x: np.ndarray) -> np.ndarray:
    return np.exp(-x) * expit(x)
