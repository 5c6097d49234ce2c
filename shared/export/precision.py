"""Which precision an exported network computes in: measured on this machine and on validation, never guessed."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import onnx

from shared.export.quantize import quantized_dynamic, quantized_static
from shared.export.settings import Wanted

MOST_LOSS = 0.005  # of the validation score, that eight bits may cost
LEAST_GAIN = 1.25  # as fast as fp32, they have to be: less is not worth answers that are only nearly PyTorch's
TURNS, TIMED_RUNS = 5, 3  # of each way; so many runs in each turn count

NAMES = {
    "pytorch": "PyTorch",
    "fp32": "ONNX, fp32",
    "int8_static": "ONNX, int8, ranges from training data",
    "int8_dynamic": "ONNX, int8, ranges as it runs",
}


class Candidate(NamedTuple):
    """One way to compute a network."""

    run: Callable[[], Any]
    """What is timed: the answer to some examples, one at a time as a rule."""
    score: Callable[[], float]
    """How good its answers to the validation split are; higher is better, 1 is perfect."""
    examples: int = 1
    """So many are answered by one `run`."""


@dataclass(frozen=True)
class Measured:
    """How fast one way of computing is, how large its file, and how good its answers are."""

    per_second: float
    bytes: int | None
    """None where there is no file of its own."""
    score: float | None
    """None where it is slower than fp32, so that nobody asked."""


def quantized_versions(
    model: onnx.ModelProto, wanted: Wanted, batches: Sequence[np.ndarray]
) -> dict[str, onnx.ModelProto]:
    """The model, by name, in all precisions that come into question.

    Args:
        batches: real inputs from the training split, each as the model takes it; the static one's ranges are theirs.
    """
    if wanted == "fp32":
        return {"fp32": model}
    return {
        "fp32": model,
        "int8_static": quantized_static(model, batches),
        "int8_dynamic": quantized_dynamic(model),
    }


def compare(
    eager: Candidate, models: Mapping[str, onnx.ModelProto], make_candidate: Callable[[onnx.ModelProto], Candidate]
) -> dict[str, Measured]:
    """Measure PyTorch's eager execution, as `pytorch`, and each model."""
    candidates = {"pytorch": eager} | {name: make_candidate(model) for name, model in models.items()}
    speeds = per_second(candidates)
    measured = {}
    for name, candidate in candidates.items():
        asked = name in ("pytorch", "fp32") or speeds[name] >= speeds["fp32"]
        size = models[name].ByteSize() if name in models else None
        measured[name] = Measured(speeds[name], size, candidate.score() if asked else None)
    return measured


def per_second(candidates: Mapping[str, Candidate]) -> dict[str, float]:
    """Examples a second of each way: by the median of several runs.

    The ways take turns, so that a slow moment of the machine falls on all of them and not on the one it meets. The
    first run of a turn does not count: in it the threads of the way before still spin, and take its cores.
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


def choose_precision(measured: Mapping[str, Measured], wanted: Wanted, score: str) -> tuple[str, str]:
    """The name of the precision to write, and why.

    Args:
        measured: as `compare` gives it.
        score: what the scores are called.
    """
    facts = "; ".join(_fact(name, measured, score) for name in measured if name != "pytorch")
    eight = [name for name in measured if name.startswith("int8")]
    if wanted == "fp32" or not eight:
        return "fp32", f"asked for; {facts}"
    if wanted == "int8":
        return max(eight, key=lambda name: measured[name].per_second), f"asked for; {facts}"
    paying = [name for name in eight if _pays(measured[name], measured["fp32"])]
    return max(paying, key=lambda name: measured[name].per_second, default="fp32"), facts


def _pays(int8: Measured, fp32: Measured) -> bool:
    if int8.score is None or fp32.score is None:
        return False
    return int8.per_second >= LEAST_GAIN * fp32.per_second and fp32.score - int8.score <= MOST_LOSS


def _fact(name: str, measured: Mapping[str, Measured], score: str) -> str:
    row, fp32 = measured[name], measured["fp32"]
    fact = f"{name} is {row.per_second / measured['pytorch'].per_second:.1f} times as fast as PyTorch"
    if name == "fp32" or row.score is None or fp32.score is None:
        return fact
    return f"{fact} and costs {100 * (fp32.score - row.score):.2f} points of validation {score}"


def figures(measured: Mapping[str, Measured], score: str) -> dict[str, dict[str, Any]]:
    """What was measured, as results and exported files hold it.

    Args:
        score: the scores' name there.
    """
    return {
        name: {"per_second": row.per_second, "bytes": row.bytes, score: row.score} for name, row in measured.items()
    }
