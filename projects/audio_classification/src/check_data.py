"""Look at the data before training does: what is in it, what is wrong with it, and which settings suit it."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.audio import FULL_SCALE, UnreadableAudioError, open_audio, read_audio
from shared.data.check import (
    DataCheck,
    Example,
    content_digest,
    refused_record,
    samples_by_class,
    skipped_files,
    survey_folders,
)
from shared.data.folders import RECORDINGS
from shared.errors import UserError
from shared.files import require_writable
from shared.report.check import all_warnings, write_check_report
from shared.report.plots import sample_grid
from src.config import PROJECT, Config
from src.dataloader import Data, load_data
from src.preparation import SILENT_BELOW, fit
from src.spectrogram import spectrogram

CLIPPED_SHARE = 0.01
"""A recording with a greater share of its samples at full scale was too loud for the microphone."""
SIDE = 110
"""Of a spectrogram among the samples, in pixels."""


def check_data(config: Config) -> dict[str, Any]:
    """Read the data as training would, and say what is in it and what is wrong.

    Writes outputs/check_data.json, outputs/data.png (samples by class) and outputs/data.html.
    """
    started = time.perf_counter()
    require_writable(config.output_dir)
    found = DataCheck(RECORDINGS.nouns)
    record = refused_record(config.data.source)
    clips: dict[str, np.ndarray] = {}
    data = None
    try:
        data = load_data(config)
    except UserError as error:
        found.refusal = str(error)
        look = partial(_look, config.data.sample_rate)
        found.examples = survey_folders(config.data.root, found.problems, RECORDINGS, look)
    else:
        record = data.as_dict()
        found.problems = data.problems
        found.examples = _examples(data, config.data.root)
        clips = _clips(data)
    samples = samples_by_class(found.examples, config.seed)
    found.warnings = all_warnings(found) + _setting_warnings(config, found, clips)
    found.warnings += skipped_files(record, config.data.root, RECORDINGS)
    if data is not None and not any(vars(data.speakers).values()):
        found.warnings.append(_SPEAKERS_UNKNOWN)
    return write_check_report(
        found,
        config.output_dir,
        project=PROJECT.name,
        seed=config.seed,
        record=record,
        grid=_grid(config, samples, clips),
        seconds=time.perf_counter() - started,
    )


_SPEAKERS_UNKNOWN = (
    "nothing says who speaks, so one voice may be in several splits and the scores say little about new voices; "
    "write index.csv with the columns id (a file's path) and group (its speaker), or set --data.group_pattern."
)


def _look(sample_rate: int, path: Path) -> tuple[str, Mapping[str, int]]:
    return content_digest(read_audio(path, sample_rate)), _measures(path)


def _measures(path: Path) -> dict[str, int]:
    """Length, rate and channels of a recording, from its header; none where it cannot be read."""
    try:
        with open_audio(path) as file:
            length = round(1000 * file.frames / file.samplerate)
            return {"milliseconds": length, "hertz": file.samplerate, "channels": file.channels}
    except UnreadableAudioError:
        return {}


def _examples(data: Data, root: Path) -> list[Example]:
    """What training sees, with the lengths and rates that the files have."""
    examples = []
    for split, batch in vars(data.splits).items():
        for name, clip, label in zip(getattr(data.names, split), batch["samples"], batch["labels"], strict=True):
            measures = _measures(root / name) if data.record.source in ("folder", "fsdd") else {}
            examples.append(Example(name, split, (data.classes[label],), content_digest(clip.numpy()), measures))
    return examples


def _clips(data: Data) -> dict[str, np.ndarray]:
    """The clips as the network gets them, by name."""
    return {
        name: clip.numpy()
        for split, batch in vars(data.splits).items()
        for name, clip in zip(getattr(data.names, split), batch["samples"], strict=True)
    }


def _grid(config: Config, samples: Mapping[str, list[Example]], clips: Mapping[str, np.ndarray]) -> bytes | None:
    """Spectrograms by class, as PNG bytes; None where there is nothing to show."""
    settings = config.data

    def clip(name: str) -> np.ndarray:
        if clips:
            return clips[name]
        return fit(read_audio(settings.root / name, settings.sample_rate), settings.samples)

    images = {
        label: [spectrogram(clip(one.name), settings.sample_rate) for one in chosen]
        for label, chosen in samples.items()
    }
    return sample_grid(images, SIDE) if images else None


def _setting_warnings(config: Config, found: DataCheck, clips: Mapping[str, np.ndarray]) -> list[str]:
    """Which settings would suit the user's own recordings better, and which recordings to look after."""
    warnings = []
    lengths = [one.measures["milliseconds"] for one in found.examples if one.measures]
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
    levels = {name: np.abs(clip.astype(np.int32)) for name, clip in clips.items()}
    silent = [name for name, level in levels.items() if level.max() < SILENT_BELOW]
    clipped = [name for name, level in levels.items() if (level >= FULL_SCALE - 1).mean() > CLIPPED_SHARE]
    for kind, names, advice in (("silent", silent, "remove them"), ("clipped", clipped, "record them less loudly")):
        if names:
            warnings.append(f"{kind} recordings: {len(names):,} ({', '.join(names[:5])}); {advice}.")
    return warnings
