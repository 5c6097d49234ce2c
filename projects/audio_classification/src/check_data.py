"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.audio import ENDLESS, FULL_SCALE, UnreadableAudioError, open_audio, read_audio
from shared.data.check import DataCheck, content_digest
from shared.data.copies import SAME_RECORDING
from shared.data.examples import Data
from shared.data.folders import RECORDINGS
from shared.data.problems import named
from shared.report.check import FileCheck, check_files
from src.config import PROJECT, Config, DataConfig
from src.dataloader import load_data
from src.preparation import read_file
from src.spectrogram import spectrogram

CLIPPED_SHARE = 0.01
"""A recording with a greater share of its samples at full scale was too loud for the microphone."""
SPEAKERS_UNKNOWN = (
    "nothing says who speaks, so one voice may be in several splits and the scores say little about new voices; "
    "write index.csv with the columns id (a file's path) and group (its speaker), or set --data.group_pattern."
)


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would; report what is in it and every problem.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    settings, rate = config.data, config.data.sample_rate
    draw = partial(spectrogram, sample_rate=rate)
    files = FileCheck(
        RECORDINGS,
        "samples",
        _measures,
        look=lambda path: (content_digest(read_audio(path, rate)), _measures(path)),
        draw=draw,
        show=lambda path: draw(read_file(path, sample_rate=rate, seconds=settings.seconds).values),
        side=110,
    )
    return check_files(config, PROJECT, load_data, SAME_RECORDING, partial(_setting_warnings, settings), files)


def _measures(path: Path) -> dict[str, int]:
    """Length, rate and channels of a recording, from its header; none where it cannot be read."""
    try:
        with open_audio(path) as file:
            rate = {"hertz": file.samplerate, "channels": file.channels}
            known = file.frames < ENDLESS
            return {"milliseconds": round(1000 * file.frames / file.samplerate)} | rate if known else rate
    except UnreadableAudioError:
        return {}


def _setting_warnings(settings: DataConfig, check: DataCheck, data: Data | None) -> list[str]:
    """Which settings would suit the user's own recordings better, and which recordings need attention."""
    warnings = []
    lengths = [one.measures["milliseconds"] for one in check.examples if "milliseconds" in one.measures]
    long = sum(length > 1000 * settings.seconds for length in lengths)
    if 10 * long > len(lengths):
        warnings.append(
            f"{long:,} of {len(lengths):,} recordings are longer than data.seconds {settings.seconds:g} and are cut "
            f"to their loudest stretch; --data.seconds "
            f"{np.percentile(lengths, 95) / 1000:.1f} holds 95 % of them whole."
        )
    rates = [one.measures["hertz"] for one in check.examples if one.measures]
    low = sum(rate < settings.sample_rate for rate in rates)
    if low:
        warnings.append(
            f"{low:,} recordings have fewer than data.sample_rate {settings.sample_rate} samples a second, so that "
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
    if data and not any(data.facts["speakers"].values()):
        warnings.append(SPEAKERS_UNKNOWN)
    return warnings
