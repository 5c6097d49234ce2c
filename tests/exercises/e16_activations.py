"""Answers to exercise 16: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np
import torch


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


RELU, SIGMOID = "np.maximum(x, 0)", "np.where(x >= 0, 1, small) / (1 + small)"
RELU_SLOPE, SIGMOID_SLOPE = "(x > 0).astype(np.float64)", "sigmoid(x) * (1 - sigmoid(x))"
MISTAKES = {
    "absolute value": (RELU, "np.abs(x)"),
    "in place": (f"return {RELU}", "x[x < 0] = 0\n    return x"),
    "negative values left out": (RELU, "x[x > 0]"),
    "one maximum of all": (RELU, "max(0, x.max())"),
    "relu itself": (RELU_SLOPE, "relu(x)"),
    "sign of x": (RELU_SLOPE, "np.sign(x)"),
    "one at zero": (RELU_SLOPE, "(x >= 0).astype(np.float64)"),
    "sign": (SIGMOID, "1 / (1 + np.exp(x))"),
    "overflow": (SIGMOID, "np.exp(x) / (1 + np.exp(x))"),
    "of a value that is a sigmoid already": (SIGMOID_SLOPE, "x * (1 - x)"),
    "sign of the slope": (SIGMOID_SLOPE, "-np.exp(-x) / (1 + np.exp(-x)) ** 2"),
    "square forgotten": (SIGMOID_SLOPE, "np.exp(-x) * sigmoid(x)"),
}
