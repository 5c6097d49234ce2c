"""From a recording of any length to the samples that the network takes; page/preparation.mjs does the same.

A longer recording is cut to its loudest stretch, a shorter one is put into the middle of silence.
"""

from pathlib import Path

import numpy as np

from shared.data.audio import read_recording
from shared.data.folders import Decoded

SILENT_BELOW = 8
"""Of 32,768: a recording whose samples stay that close to the middle of their range holds nothing to be heard."""

RUMBLE_HERTZ = 40
"""The network's lowest frequency (models/features.py): what is slower does not decide which stretch is kept."""


def read_file(path: Path, *, sample_rate: int, seconds: float) -> Decoded:
    """A recording as the network's input, int16 [samples]; with what is unusual about it."""
    recording = read_recording(path, sample_rate)
    unusual = [*recording.unusual, *["silent"] * is_silent(recording.samples)]
    return Decoded(fit(recording.samples, round(sample_rate * seconds), sample_rate), unusual=unusual)


def fit(samples: np.ndarray, length: int, rate: int) -> np.ndarray:
    """Cut or fill up a recording of that many samples a second: int16 [any] to int16 [length]."""
    missing = length - len(samples)
    if missing >= 0:
        return np.pad(samples, (missing // 2, missing - missing // 2))
    start = loudest(samples, length, rate)
    return samples[start : start + length]


def loudest(samples: np.ndarray, length: int, rate: int) -> int:
    """Where the stretch of that length with the highest mean level begins; of equal ones the first.

    Each level is the distance from the mean of the samples around it: what a microphone does when it is switched on,
    an offset that fades, is louder than speech and cannot be heard. Levels, not their squares, so that a click of some
    milliseconds does not outweigh a word.
    """
    width = rate // RUMBLE_HERTZ
    around = np.pad(samples, (width // 2, width - width // 2), mode="edge")  # int16 [N + width]
    levels = np.abs(samples - _sums(around, width)[: len(samples)] // width)
    return int(_sums(levels, length).argmax())


def _sums(values: np.ndarray, length: int) -> np.ndarray:
    """The sum of each stretch of that length: integers [N] to int64 [N - length + 1]."""
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return sums[length:] - sums[:-length]


def is_silent(samples: np.ndarray) -> bool:
    """Whether int16 samples hold nothing to be heard."""
    return int(samples.max()) - int(samples.min()) < 2 * SILENT_BELOW
