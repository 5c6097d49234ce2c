"""Answers to exercise 35: right ones in another style, and plausible wrong ones."""

import numpy as np


def _integers(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return np.rint(values / scales[:, None]).astype(np.int8)


def _scales(values: np.ndarray) -> np.ndarray:
    largest = np.abs(values).max(axis=1)
    return np.where(largest > 0, largest / 127, 1).astype(np.float32)


def quantize__right_row_by_row(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    integers, scales = [], []
    for row in values:
        scale = max(row.max(), -row.min()) / 127 or 1.0
        integers.append((row / scale).round().astype(np.int8))
        scales.append(scale)
    return np.stack(integers), np.array(scales, np.float32)


def linear__right_by_einsum(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    own = _scales(inputs)
    rows = _integers(inputs, own)
    return np.einsum("nc,oc->no", rows, integers, dtype=np.int64) * np.outer(own, scales).astype(np.float32)


def quantize__wrong_cut_off(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (values / _scales(values)[:, None]).astype(np.int8), _scales(values)


def quantize__wrong_no_absolute_value(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = (values.max(axis=1) / 127).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(values / scales[:, None]).clip(-127, 127).astype(np.int8), scales


def quantize__wrong_one_scale(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.abs(values).max() / 127
    return np.rint(values / scale).astype(np.int8), np.full(len(values), scale, np.float32)


def quantize__wrong_scale_by_column(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = _scales(values.T)
    return np.rint(values / scales).astype(np.int8), scales


def quantize__wrong_128(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = (np.abs(values).max(axis=1) / 128).astype(np.float32)
    scales[scales == 0] = 1
    return np.rint(values / scales[:, None]).astype(np.int32).astype(np.int8), scales  # 128 becomes -128


def quantize__wrong_division_by_zero(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = (np.abs(values).max(axis=1) / 127).astype(np.float32)
    return np.nan_to_num(np.rint(values / scales[:, None])).astype(np.int8), scales


def dequantize__wrong_divided(integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return integers / scales[:, None]


def dequantize__wrong_one_scale(integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return integers * scales.max()


def linear__wrong_overflow_of_eight_bits(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    own = _scales(inputs)
    return (_integers(inputs, own) @ integers.T) * own[:, None] * scales


def linear__wrong_overflow_of_sixteen_bits(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    own = _scales(inputs)
    return (_integers(inputs, own).astype(np.int16) @ integers.T.astype(np.int16)) * own[:, None] * scales


def linear__wrong_scale_of_the_inputs_missing(
    inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray
) -> np.ndarray:
    return (_integers(inputs, _scales(inputs)).astype(np.int32) @ integers.T.astype(np.int32)) * scales


def linear__wrong_inputs_stay_floats(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return inputs @ (integers * scales[:, None]).T


def linear__wrong_inputs_cut_to_integers(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return (inputs.astype(np.int8).astype(np.int32) @ integers.T.astype(np.int32)) * scales
