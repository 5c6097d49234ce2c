"""The range of values of 16-bit and float images: one for a data set, so that brightness stays comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log, track
from shared.data.images import DEEP_MODES, UnreadableImageError, open_image
from shared.data.problems import named
from shared.data.splits import evenly_spaced

SUFFIXES = (".png", ".tif", ".tiff", ".pgm")  # of the files that can hold more than 8 bits a pixel
MOST_READ = 500  # evenly spaced images tell the range; reading all of them twice would take long
OUTSIDE = 0.1  # percent of an image's pixels at either end that do not count: dead and hot pixels
LITTLE = 1 / 8  # images that use a smaller share of the range are told apart by few of the 256 levels
WHITES = (1.0, *(float(2**bits - 1) for bits in range(8, 33)))  # what white is in fractions, and at each depth in bits


@dataclass(frozen=True)
class _Used:
    """What one image uses: its darkest and brightest values, without outliers; and whether all are numbers."""

    path: Path
    low: float
    high: float
    finite: bool


def settle_range(given: Sequence[float], files: Sequence[Path]) -> dict[str, Any]:
    """What an empty `data.value_range` means for these files (see `Reading.settle`)."""
    return {"value_range": measure_range(files, given)}


def measure_range(files: Sequence[Path], given: Sequence[float] = ()) -> list[float]:
    """The values that become 0 and 255 in all gray images of more than 8 bits a pixel; empty where there are none.

    Black is 0 unless there are values below it; white is the largest value of the smallest depth in bits that holds the
    images, such as 4095 for a camera of 12 bits, or 1 for fractions. So a network sees the brightness that images have.

    Args:
        files: the training images.
        given: the range that the user, or training, has set; it is checked on some of the images and returned.
    """
    candidates = [path for path in files if path.suffix.lower() in SUFFIXES]
    if given:
        files = candidates = [candidates[index] for index in evenly_spaced(len(candidates), MOST_READ)]
    deep = [path for path in candidates if _is_deep(path)]
    chosen = [deep[index] for index in evenly_spaced(len(deep), MOST_READ)]
    used = [one for path in track(chosen, "measure the range of values") if (one := _measure(path))]
    if not used:
        return list(given)
    low, high = given or _rounded(min(one.low for one in used), max(one.high for one in used))
    log.info(
        f"data: {len(deep)} of {len(files)} images have more than 8 bits a pixel; values {low:.9g} to {high:.9g} "
        "become 0 to 255 (data.value_range)"
    )
    for sentence in _range_warnings(used, low, high):
        log.warning(sentence)
    if len(deep) < len(files):
        log.warning(f"the other {len(files) - len(deep)} images have 8 bits and are read as they are; use one kind.")
    return [low, high]


def _is_deep(path: Path) -> bool:
    try:
        with open_image(path) as image:
            return image.mode in DEEP_MODES
    except UnreadableImageError:  # it is named when it is read for training
        return False


def _measure(path: Path) -> _Used | None:
    try:
        with open_image(path) as image:
            values = np.asarray(image, dtype=np.float64)
    except UnreadableImageError:
        return None
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.percentile(finite, [OUTSIDE, 100 - OUTSIDE]).tolist()
    return _Used(path, low, high, len(finite) == values.size)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """The range from 0 to the smallest usual white; where that would not suit the values, their own."""
    white = next((white for white in WHITES if high <= white), high)
    if low < 0 or not high > white * LITTLE:
        return low, high if high > low else low + 1
    return 0.0, white


def _range_warnings(used: Sequence[_Used], low: float, high: float) -> list[str]:
    warnings = []
    strange = [one.path.name for one in used if not one.finite]
    if strange:
        warnings.append(
            f"images that hold infinite values or no numbers: {len(strange)} ({named(strange)}); such pixels become "
            "black or white, so mend them."
        )
    ordered = sorted(used, key=lambda one: one.high - one.low)
    typical = ordered[len(ordered) // 2]
    (narrow_low, _), (_, narrow_high) = np.percentile([[one.low, one.high] for one in used], [5, 95], axis=0)
    if LITTLE * (narrow_high - narrow_low) <= typical.high - typical.low < LITTLE * (high - low):
        warnings.append(
            f"half of the images use less than {LITTLE:.0%} of the values {low:g} to {high:g}, such as "
            f"{typical.path.name} ({typical.low:g} to {typical.high:g}), so few levels are "
            f"left of them; if all belong together, try --data.value_range '[{narrow_low:.9g}, {narrow_high:.9g}]'."
        )
    beyond = [one.path.name for one in used if one.high > high or one.low < low]
    if beyond:
        warnings.append(
            f"images with values outside {low:g} to {high:g}, which are cut: {len(beyond)} ({named(beyond)})."
        )
    return warnings
