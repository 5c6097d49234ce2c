"""Answers to exercise 35: right ones in another style, and edits of the solution that make it wrong."""

import numpy as np


def quantize__right_row_by_row(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    integers, scales = [], []
    for row in values:
        scale = max(row.max(), -row.min()) / 127 or 1.0
        integers.append((row / scale).round().astype(np.int8))
        scales.append(scale)
    return np.stack(integers), np.array(scales, np.float32)


def linear__right_by_einsum(inputs: np.ndarray, integers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    rows, own = quantize__right_row_by_row(inputs)
    return np.einsum("nc,oc->no", rows, integers, dtype=np.int64) * np.outer(own, scales).astype(np.float32)


LARGEST, PRODUCTS = "np.abs(values).max(axis=1)", "rows.astype(np.int32) @ integers.T.astype(np.int32)"
MISTAKES = {
    "cut off": ("np.rint(values / scales[:, None])", "(values / scales[:, None])"),
    "no absolute value": (LARGEST, "values.max(axis=1)"),
    "one scale": (LARGEST, "np.full(len(values), np.abs(values).max())"),
    "scale by column": (LARGEST, "np.abs(values).max(axis=0)"),
    "128": ("largest / 127", "largest / 128", ".clip(-127, 127)", ".astype(np.int32)"),
    "division by zero": ("np.where(largest > 0, largest / 127, 1)", "(largest / 127)"),
    "divided": ("integers * scales[:, None]", "integers / scales[:, None]"),
    "values of one scale": ("integers * scales[:, None]", "integers * scales.max()"),
    "overflow of eight bits": (PRODUCTS, "rows @ integers.T"),
    "overflow of sixteen bits": (PRODUCTS, "rows.astype(np.int16) @ integers.T.astype(np.int16)"),
    "scale of the inputs missing": (" * row_scales[:, None]", ""),
    "inputs stay floats": (
        "products.astype(np.float32) * row_scales[:, None] * scales",
        "inputs @ (integers * scales[:, None]).T",
    ),
    "inputs cut to integers": ("quantize(inputs)\n", "inputs.astype(np.int8), np.ones(len(inputs), np.float32)\n"),
}
