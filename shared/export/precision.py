"""Which precision an exported network computes in: measured on this machine and on validation, never guessed."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

MOST_LOSS = 0.005  # of the validation score, that eight bits may cost
LEAST_GAIN = 1.25  # as fast as fp32, they have to be: less is not worth answers that are only nearly PyTorch's
TIMED_RUNS = 15


@dataclass(frozen=True)
class Measured:
    """How fast one way of computing is, and how good its answers are."""

    per_second: float
    score: float
    """On the validation part; higher is better, 1 is perfect."""


def per_second(run: Callable[[], Any], examples: int = 1) -> float:
    """Examples a second of a call that answers `examples` of them: the median of several calls after a first one."""
    times = []
    for _ in range(TIMED_RUNS + 1):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return examples / statistics.median(times[1:])


def choose_precision(
    measured: Mapping[str, Measured], wanted: Literal["auto", "fp32", "int8"], score: str
) -> tuple[str, str]:
    """The precision to write, and why.

    Args:
        measured: by name: `pytorch`, `fp32`, and `int8` where it was tried.
        score: what the scores are called.
    """
    ratio = {name: row.per_second / measured["pytorch"].per_second for name, row in measured.items()}
    if "int8" not in measured:
        return "fp32", f"asked for; {ratio['fp32']:.1f} times PyTorch's speed"
    loss = measured["fp32"].score - measured["int8"].score
    facts = (
        f"int8 is {ratio['int8']:.1f} times and fp32 {ratio['fp32']:.1f} times as fast as PyTorch, "
        f"and int8 costs {100 * loss:.2f} points of validation {score}"
    )
    if wanted == "int8":
        return "int8", f"asked for; {facts}"
    pays = ratio["int8"] >= LEAST_GAIN * ratio["fp32"] and loss <= MOST_LOSS
    return ("int8" if pays else "fp32"), facts
