"""Which precision an exported network computes in: measured on this machine and on validation, never guessed."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from shared.export.quantize import quantized
from shared.export.settings import Precision

MOST_LOSS = 0.005  # largest fall of the validation score that int8 may cause
LEAST_GAIN = 1.25  # times as fast as fp32: a smaller gain is not worth predictions that differ from PyTorch's
TURNS, TIMED_RUNS = 5, 3  # turns of each candidate; timed runs in each turn

NAMES = {
    "pytorch": "PyTorch",
    "fp32": "ONNX, fp32",
    "int8_static": "ONNX, int8, ranges from training data",
    "int8_dynamic": "ONNX, int8, ranges as it runs",
}


Run = Callable[[np.ndarray], np.ndarray]
"""From a batch of inputs to the network's outputs, [N, classes, ...]."""


def names_to_measure(wanted: Precision) -> list[str]:
    """The names of the precisions among which `export.precision` lets the measurement choose."""
    return ["fp32"] if wanted == "fp32" else ["fp32", "int8_static", "int8_dynamic"]


def in_precision(model: onnx.ModelProto, name: str, batches: Sequence[np.ndarray]) -> onnx.ModelProto:
    """The fp32 model in the precision of that name; `batches` as in `quantized`."""
    return model if name == "fp32" else quantized(model, batches if name == "int8_static" else None)


def compare(
    runs: Mapping[str, Run], timed: Sequence[np.ndarray], score: Callable[[Run], float]
) -> dict[str, tuple[float, float | None]]:
    """How many inputs each network, `pytorch`, `fp32` and others, takes a second; and its score, unless it is slower.

    Args:
        timed: inputs, each as the network takes it.
        score: how good the predictions for the validation split are; higher is better, 1 is perfect. What is slower
            than fp32 is not scored, apart from PyTorch.
    """
    speeds = per_second(runs, timed)
    needless = {name for name, speed in speeds.items() if speed < speeds["fp32"]} - {"pytorch"}
    return {name: (speeds[name], None if name in needless else score(run)) for name, run in runs.items()}


def per_second(runs: Mapping[str, Run], timed: Sequence[np.ndarray]) -> dict[str, float]:
    """Inputs per second of each network, by the median of several runs, each of all inputs one after the other.

    The networks take turns, so that a slow moment of the machine affects all of them and not only one. The first run
    of a turn is not timed: the previous network's threads still spin during it, and take cores.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(TURNS):
        for name, run in runs.items():
            for number in range(1 + TIMED_RUNS):
                started = time.perf_counter()
                for one in timed:
                    run(one)
                if number:
                    times[name].append(time.perf_counter() - started)
    return {name: len(timed) / statistics.median(times[name]) for name in runs}


def choose_precision(measured: Mapping[str, Mapping[str, Any]], wanted: Precision, score: str) -> tuple[str, str]:
    """The name of the precision to write, and why.

    Args:
        measured: by precision, `per_second` and its score under the name `score`; None where it was not scored.
    """

    def loss(name: str) -> float:
        found = measured[name][score]
        return math.inf if found is None else float(measured["fp32"][score] - found)

    speeds, reasons = {name: row["per_second"] for name, row in measured.items()}, []
    for name in (name for name in measured if name != "pytorch"):
        text = f"{name} is {speeds[name] / speeds['pytorch']:.1f} times as fast as PyTorch"
        if name != "fp32" and measured[name][score] is not None:
            text += f" and costs {100 * loss(name):.2f} points of validation {for_people(score)}"
        reasons.append(text)
    reason, eight = "; ".join(reasons), [name for name in measured if name.startswith("int8")]
    if wanted == "auto":
        least = LEAST_GAIN * speeds["fp32"]
        eight = [name for name in eight if speeds[name] >= least and loss(name) <= MOST_LOSS]
    chosen = "fp32" if wanted == "fp32" else max(eight, key=speeds.__getitem__, default="fp32")
    return chosen, reason if wanted == "auto" else f"set by export.precision; {reason}"


def for_people(score: str) -> str:
    """The name of a score in a sentence."""
    return score.replace("_", " ").replace("iou", "IoU")
