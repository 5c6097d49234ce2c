"""Which precision an exported network computes in: measured on this machine and on validation, never guessed."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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


class Candidate(NamedTuple):
    """A network in one precision, to be timed and scored."""

    run: Callable[[], Any]
    """What is timed: the predictions for some examples, one at a time as a rule."""
    score: Callable[[], float]
    """How good its predictions for the validation split are; higher is better, 1 is perfect."""
    examples: int = 1
    """The number of examples in one `run`."""


class Measured(NamedTuple):
    """How fast a candidate is, how large its file is, and how good its predictions are."""

    per_second: float
    bytes: int | None
    """None for PyTorch, which has no file here."""
    score: float | None
    """None where it is slower than fp32: it was not scored."""


def names_to_measure(wanted: Precision) -> list[str]:
    """The names of the precisions among which `export.precision` lets the measurement choose."""
    return ["fp32"] if wanted == "fp32" else ["fp32", "int8_static", "int8_dynamic"]


def in_precision(model: onnx.ModelProto, name: str, batches: Sequence[np.ndarray]) -> onnx.ModelProto:
    """The fp32 model in the precision of that name; `batches` as in `quantized`."""
    return model if name == "fp32" else quantized(model, batches if name == "int8_static" else None)


def compare(
    eager: Candidate, models: Mapping[str, onnx.ModelProto], make_candidate: Callable[[onnx.ModelProto], Candidate]
) -> dict[str, Measured]:
    """Measure PyTorch's eager execution, as `pytorch`, and each model."""
    candidates = {"pytorch": eager} | {name: make_candidate(model) for name, model in models.items()}
    speeds = per_second(candidates)
    measured = {}
    for name, candidate in candidates.items():
        scored = name in ("pytorch", "fp32") or speeds[name] >= speeds["fp32"]
        size = models[name].ByteSize() if name in models else None
        measured[name] = Measured(speeds[name], size, candidate.score() if scored else None)
    return measured


def per_second(candidates: Mapping[str, Candidate]) -> dict[str, float]:
    """Examples per second of each candidate, by the median of several runs.

    The candidates take turns, so that a slow moment of the machine affects all of them and not only one. The first run
    of a turn is not timed: the previous candidate's threads still spin during it, and take cores.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(TURNS):
        for name, candidate in candidates.items():
            candidate.run()
            for _ in range(TIMED_RUNS):
                started = time.perf_counter()
                candidate.run()
                times[name].append(time.perf_counter() - started)
    return {name: candidate.examples / statistics.median(times[name]) for name, candidate in candidates.items()}


def choose_precision(measured: Mapping[str, Measured], wanted: Precision, score: str) -> tuple[str, str]:
    """The name of the precision to write, and why; `score` is what the scores are called."""
    fp32, reasons = measured["fp32"], []
    eight = {name: row for name, row in measured.items() if name.startswith("int8")}
    for name, row in {"fp32": fp32, **eight}.items():
        text = f"{name} is {row.per_second / measured['pytorch'].per_second:.1f} times as fast as PyTorch"
        if name != "fp32" and row.score is not None:
            text += f" and costs {100 * _loss(row, fp32):.2f} points of validation {score}"
        reasons.append(text)
    reason = "; ".join(reasons)
    if wanted == "fp32" or not eight:
        return "fp32", f"set by export.precision; {reason}"
    if wanted == "auto":
        least = LEAST_GAIN * fp32.per_second
        eight = {name: row for name, row in eight.items() if row.per_second >= least and _loss(row, fp32) <= MOST_LOSS}
    chosen = max(eight, key=lambda name: eight[name].per_second, default="fp32")
    return chosen, reason if wanted == "auto" else f"set by export.precision; {reason}"


def _loss(int8: Measured, fp32: Measured) -> float:
    """How much lower the score of int8 is; infinite where one was not scored."""
    return math.inf if int8.score is None or fp32.score is None else fp32.score - int8.score
