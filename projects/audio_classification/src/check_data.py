"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.audio import ENDLESS, FULL_SCALE, UnreadableAudioError, open_audio, read_audio
from shared.data.check import (
    DataCheck,
    Example,
    all_warnings,
    content_digest,
    contents_by_name,
    list_examples,
    samples_by_class,
    start_check,
    survey_folders,
)
from shared.data.copies import SAME_RECORDING, near_copy_warnings
from shared.data.examples import Data
from shared.data.folders import RECORDINGS
from shared.data.problems import named
from shared.data.skipped import skipped_warnings
from shared.report.check import write_check_report
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.preparation import fit
from src.spectrogram import spectrogram

CLIPPED_SHARE = 0.01
"""A recording with a greater share of its samples at full scale was too loud for the microphone."""
SIDE = 110
"""Of a spectrogram among the samples, in pixels."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    survey = partial(survey_folders, kind=RECORDINGS, look=partial(_inspect, config.data.sample_rate))
    check, data = start_check(config, RECORDINGS.nouns, load_data, survey)
    clips = contents_by_name(data, "samples") if data else None
    root, in_files = config.data.root, check.record["source"] in ("folder", "fsdd")
    if data:
        check.examples = list_examples(data, "samples", lambda name: _measures(root / name) if in_files else {})
    samples = samples_by_class(check.examples, config.seed)
    check.warnings = all_warnings(check) + _setting_warnings(config, check, data)
    check.warnings += skipped_warnings(data and data.record, config.data, RECORDINGS)
    check.warnings += near_copy_warnings(data, "samples", SAME_RECORDING)
    if data and not any(data.facts["speakers"].values()):
        check.warnings.append(_SPEAKERS_UNKNOWN)
    return write_check_report(check, config, PROJECT, samples=_spectrograms(config, samples, clips), side=SIDE)


_SPEAKERS_UNKNOWN = (
    "nothing says who speaks, so one voice may be in several splits and the scores say little about new voices; "
    "write index.csv with the columns id (a file's path) and group (its speaker), or set --data.group_pattern."
)


def _inspect(sample_rate: int, path: Path) -> tuple[str, Mapping[str, int]]:
    return content_digest(read_audio(path, sample_rate)), _measures(path)


def _measures(path: Path) -> dict[str, int]:
    """Length, rate and channels of a recording, from its header; none where it cannot be read."""
    try:
        with open_audio(path) as file:
            rate = {"hertz": file.samplerate, "channels": file.channels}
            known = file.frames < ENDLESS
            return {"milliseconds": round(1000 * file.frames / file.samplerate)} | rate if known else rate
    except UnreadableAudioError:
        return {}


def _spectrograms(
    config: Config, samples: Mapping[str, list[Example]], clips: Callable[[str], np.ndarray] | None
) -> dict[str, list[np.ndarray]]:
    """Spectrograms by class."""
    settings = config.data

    def clip(name: str) -> np.ndarray:
        if clips:
            return clips(name)
        return fit(read_audio(settings.root / name, settings.sample_rate), settings.samples, settings.sample_rate)

    return {
        label: [spectrogram(clip(one.name), settings.sample_rate) for one in chosen]
        for label, chosen in samples.items()
    }


def _setting_warnings(config: Config, found: DataCheck, data: Data | None) -> list[str]:
    """Which settings would suit the user's own recordings better, and which recordings to look after."""
    warnings = []
    lengths = [one.measures["milliseconds"] for one in found.examples if "milliseconds" in one.measures]
    long = sum(length > 1000 * config.data.seconds for length in lengths)
    if 10 * long > len(lengths):
        warnings.append(
            f"{long:,} of {len(lengths):,} recordings are longer than data.seconds {config.data.seconds:g} and are cut "
            f"to their loudest stretch; --data.seconds "
            f"{np.percentile(lengths, 95) / 1000:.1f} holds 95 % of them whole."
        )
    rates = [one.measures["hertz"] for one in found.examples if one.measures]
    low = sum(rate < config.data.sample_rate for rate in rates)
    if low:
        warnings.append(
            f"{low:,} recordings have fewer than data.sample_rate {config.data.sample_rate} samples a second, so that "
            "nothing is in their upper notes; lower that setting, or leave them out."
        )
    clipped = [
        name
        for held in (vars(data.splits).values() if data else ())
        for name, clip in zip(held.names, held["samples"], strict=True)
        if (np.abs(np.asarray(clip, dtype=np.int32)) >= FULL_SCALE - 1).mean() > CLIPPED_SHARE
    ]
    if clipped:
        warnings.append(f"clipped recordings: {len(clipped):,} ({named(clipped)}); record them less loudly.")
    return warnings
