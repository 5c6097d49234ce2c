"""Recordings from files and bytes: decoded safely, mixed down to one channel, brought to one rate."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import torch
from torch import Tensor
from torchaudio.functional import resample

from shared.data.folders import UnreadableFileError
from shared.errors import UserError

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF", "AU")  # libsndfile knows more, some without a header
NOT_READ = {b"ftyp": "M4A or MP4", b"\x1a\x45\xdf\xa3": "WebM", b"\x30\x26\xb2\x75": "WMA", b"#!AMR": "AMR"}
"""Recordings that libsndfile cannot decode, by bytes among their first twelve."""
RATES = range(1_000, 192_001)
MOST_CHANNELS = 8
MAX_SECONDS = 1_800.0
FULL_SCALE = 32_768
RATE_STEP = 25  # Hz: a factor of all common rates; between rates without one a resampling filter takes gigabytes
BLOCK_FRAMES = 1 << 18
ENDLESS = np.iinfo(np.int64).max
"""What libsndfile gives as the length of a FLAC file whose header leaves it open."""
NO_LENGTH = 0x7FFF_0000
"""From this number of bytes on, a WAV header was written before the length was known (ffmpeg into a pipe)."""
CANCELED = 0.25
"""Of the power that the mean of independent channels has: below it, the channels are of opposite sign."""
STRAY = 0.001
"""Share of the samples beyond full scale that is clipped; if more are, the file has another full scale."""
OFFSET = 0.03
"""Of full scale: the median of a recording lies farther from zero only through a fault of the device."""


class UnreadableAudioError(UnreadableFileError):
    """The bytes are no recording that can be used; the message says why in a few words."""


@contextmanager
def open_audio(source: Path | bytes, max_seconds: float = MAX_SECONDS) -> Iterator[soundfile.SoundFile]:
    """Open a recording for decoding in the `with` block, where every failure becomes an `UnreadableAudioError`.

    The length is taken from the header, before anything is decoded: a FLAC file of some kilobytes can hold hours.

    Raises:
        UnreadableAudioError: not a recording, damaged, empty, or longer than `max_seconds`.
    """
    head = b""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as raw:
            head = raw.read(12)
            mended, unusual = _mend_wav(raw)
            with soundfile.SoundFile(mended) as file:
                # soundfile would seek after each block, which fails in a file that does not know its length.
                file.seekable, file.unusual = (lambda: False), unusual
                if file.format not in FORMATS or file.samplerate not in RATES or not 0 < file.channels <= MOST_CHANNELS:
                    raise UnreadableAudioError("not a recording, or of an unusual kind")
                if file.frames == 0:
                    raise UnreadableAudioError("no sound in it: it has no samples")
                if max_seconds * file.samplerate < file.frames < ENDLESS:
                    raise UnreadableAudioError(f"longer than the {max_seconds:g} seconds allowed")
                yield file
    except (UnreadableAudioError, UserError):  # the latter of a damaged shard
        raise
    # soundfile raises errors of several kinds on damaged files, each of which means the same here.
    except Exception as error:
        missing = isinstance(source, Path) and not source.is_file()
        kind = next((f"{name} is not read; save it as WAV" for sign, name in NOT_READ.items() if sign in head), "")
        raise UnreadableAudioError(
            "no such file" if missing else kind or "not a recording, or a damaged one"
        ) from error


def _mend_wav(raw: BinaryIO) -> tuple[BinaryIO, list[str]]:
    """The file, and what is unusual about its header if it is a WAV file; with its length where the header says 0."""
    raw.seek(0)
    head, start, claimed = raw.read(12), 0, 0
    while head[:4] == b"RIFF" and len(chunk := raw.read(8)) == 8:
        size = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data" and not start:
            start, claimed = raw.tell(), size
        raw.seek(size + size % 2, io.SEEK_CUR)
    whole, held = raw.tell(), raw.seek(0, io.SEEK_END) - start
    raw.seek(0)
    # Chunks of text may follow no samples at all; they end where the file does.
    if not start or (claimed == 0 and whole == start + held) or 0 < claimed <= held:
        return raw, []
    if 0 < claimed < NO_LENGTH:
        return raw, ["ends before its header says"]
    if claimed == 0:
        content = bytearray(raw.read())
        content[4:8], content[start - 4 : start] = (start - 8 + held).to_bytes(4, "little"), held.to_bytes(4, "little")
        raw = io.BytesIO(content)
    return raw, ["no length in the header: read to the end"]


@dataclass(frozen=True)
class Recording:
    """A decoded recording."""

    samples: np.ndarray
    """int16 [samples]; full scale is 32,768."""
    unusual: list[str]
    """What its owner may not know of the file, and how it was read; empty for most."""


def read_audio(source: Path | bytes, rate: int) -> np.ndarray:
    """The samples of `read_recording`, int16 [samples]."""
    return read_recording(source, rate).samples


def read_recording(source: Path | bytes, rate: int, max_seconds: float = MAX_SECONDS) -> Recording:
    """Decode a recording; channels are averaged, and another rate than the wanted one is resampled.

    Of channels that cancel each other the loudest is taken. Floats in the range of integers are scaled; single samples
    beyond full scale are clipped. Audio's page/preparation.mjs does the same.

    Raises:
        UnreadableAudioError: as `open_audio` does.
    """
    samples, powers, found_rate, unusual = _decode(source, max_seconds)
    if samples.var() < CANCELED / len(powers) * powers.mean():
        unusual.append("channels of opposite sign: the loudest is read")
        samples = _decode(source, max_seconds, int(powers.argmax()))[0]
    scale = full_scale_of(samples)
    if scale != 1:
        unusual.append("numbers beyond full scale: all are scaled down")
        samples = samples / np.float32(scale)
    # The mean rules most recordings out in a fraction of the time, the median those with a fading offset.
    if abs(samples.mean()) > OFFSET and abs(np.median(samples)) > OFFSET:
        unusual.append("a constant offset")
    return Recording(to_int16(resampled(samples, found_rate, rate)), unusual)


def full_scale_of(samples: np.ndarray) -> float:
    """What counts as full scale of float samples: 1, else their peak, else that of 16, 24 or 32-bit integers."""
    levels = np.abs(samples)
    peak = float(levels.max())
    if (levels > 1).mean() <= STRAY:
        return 1.0
    return peak if peak <= 16 else next((limit for limit in (2.0**15, 2.0**23) if peak <= limit), 2.0**31)


def _decode(
    source: Path | bytes, max_seconds: float, channel: int | None = None
) -> tuple[np.ndarray, np.ndarray, int, list[str]]:
    """The mean of all channels, or one of them, float32 [samples]; each channel's power; the rate; what is unusual."""
    with open_audio(source, max_seconds) as file:
        blocks, count, finite = [], 0, True
        sums, squares = np.zeros(file.channels), np.zeros(file.channels)
        # In blocks, so that eight channels are never in memory as a whole.
        while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
            finite = finite and bool(np.isfinite(block).all())
            block = np.nan_to_num(block, posinf=1.0, neginf=-1.0)
            blocks.append(block.mean(axis=1) if channel is None else block[:, channel])
            count += len(block)
            sums, squares = sums + block.sum(0, dtype=np.float64), squares + np.square(block, dtype=np.float64).sum(0)
            if count > max_seconds * file.samplerate:
                raise UnreadableAudioError(f"longer than the {max_seconds:g} seconds allowed")
        if not count:
            raise UnreadableAudioError("no sound in it: it has no samples")
        notes = {
            "no length in the header: read to the end": file.frames == ENDLESS,
            "ends before its header says": count < 0.99 * file.frames < 0.99 * ENDLESS,
            "samples that are no numbers: read as silence": not finite,
        }
        unusual = [*file.unusual, *(note for note, seen in notes.items() if seen)]
        return np.concatenate(blocks), squares / count - (sums / count) ** 2, file.samplerate, unusual


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


def wav_bytes(samples: np.ndarray | Tensor, rate: int) -> bytes:
    """A 16-bit WAV file of int16 samples, [samples] or [samples, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples), rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
