"""From a recording of any length to the samples that the network takes; page/preparation.mjs does the same.

A longer recording is cut to the stretch of most energy, a shorter one is put into the middle of silence.
"""

import numpy as np

from shared.data.folders import UnreadableFileError

SILENT_BELOW = 8
"""Of 32,768: a recording whose samples all stay below it holds nothing that could be heard."""


class SilentError(UnreadableFileError):
    """There is no sound in the recording."""


def fit(samples: np.ndarray, length: int) -> np.ndarray:
    """Cut or fill up a recording: int16 [any] to int16 [length]."""
    missing = length - len(samples)
    if missing >= 0:
        return np.pad(samples, (missing // 2, missing - missing // 2))
    start = loudest(samples, length)
    return samples[start : start + length]


def loudest(samples: np.ndarray, length: int) -> int:
    """Where the stretch of that length with the most energy begins; of equal ones the first."""
    sums = np.concatenate([[0], np.cumsum(samples.astype(np.int64) ** 2)])
    return int((sums[length:] - sums[:-length]).argmax())


def require_sound(samples: np.ndarray) -> None:
    """Refuse what holds nothing to be heard.

    Raises:
        SilentError: all samples are silent.
    """
    if np.abs(samples.astype(np.int32)).max() < SILENT_BELOW:
        raise SilentError("no sound in it")
