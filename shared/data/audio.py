"""Recordings from files and bytes: decoded safely, mixed down to one channel, brought to one rate."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import torch
from torchaudio.functional import resample

from shared.data.folders import UnreadableFileError

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG")  # libsndfile knows more, some of them without a header
RATES = range(1_000, 192_001)
MOST_CHANNELS = 8
MAX_SECONDS = 1_800.0
FULL_SCALE = 32_768
RATE_STEP = 25  # Hz: a factor of all common rates; between rates without one a resampling filter takes gigabytes
BLOCK_FRAMES = 1 << 18


class UnreadableAudioError(UnreadableFileError):
    """The bytes are no recording that can be used; the message says why in a few words."""


@contextmanager
def open_audio(source: Path | bytes, max_seconds: float = MAX_SECONDS) -> Iterator[soundfile.SoundFile]:
    """Open a recording for decoding in the `with` block, where every failure becomes an `UnreadableAudioError`.

    The length is taken from the header, before anything is decoded: a FLAC file of some kilobytes can hold hours.

    Raises:
        UnreadableAudioError: not a recording, damaged, empty, or longer than `max_seconds`.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            if file.format not in FORMATS or file.samplerate not in RATES or not 0 < file.channels <= MOST_CHANNELS:
                raise UnreadableAudioError("not a recording, or of an unusual kind")
            if file.frames == 0:
                raise UnreadableAudioError("no sound in it: it has no samples")
            if file.frames > max_seconds * file.samplerate:
                raise UnreadableAudioError(f"longer than the {max_seconds:g} seconds allowed")
            yield file
    except UnreadableAudioError:
        raise
    # soundfile raises errors of several kinds on damaged files, each of which means the same here.
    except Exception as error:
        missing = isinstance(source, Path) and not source.is_file()
        raise UnreadableAudioError("no such file" if missing else "not a recording, or a damaged one") from error


def read_audio(source: Path | bytes, rate: int, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """Decode a recording; channels are averaged, and another rate than the wanted one is resampled.

    Returns:
        int16 [samples] at `rate` a second; full scale is 32,768, and samples beyond it are clipped.

    Raises:
        UnreadableAudioError: as `open_audio` does.
    """
    with open_audio(source, max_seconds) as file:
        # In blocks, so that eight channels are never in memory as a whole.
        blocks = [block.mean(axis=1) for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True)]
        if not blocks or not sum(map(len, blocks)):
            raise UnreadableAudioError("no sound in it: it has no samples")
        samples = np.nan_to_num(np.concatenate(blocks), posinf=1.0, neginf=-1.0)
        return to_int16(resampled(samples, file.samplerate, rate))


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The same sound at another rate, by torchaudio; an odd rate counts as the nearest multiple of 25 Hz."""
    nearest = max(1, round(rate / RATE_STEP)) * RATE_STEP
    if nearest == wanted:
        return samples
    found: np.ndarray = resample(torch.from_numpy(samples.astype(np.float32)), nearest, wanted).numpy()
    return found if len(found) else samples[:1]


def to_int16(samples: np.ndarray) -> np.ndarray:
    """From floats between -1 and 1 to what a 16-bit WAV file holds."""
    scaled: np.ndarray = np.rint(samples * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return scaled


def wav_bytes(samples: np.ndarray, rate: int) -> bytes:
    """A 16-bit WAV file of int16 samples, [samples] or [samples, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
