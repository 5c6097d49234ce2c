"""Recordings of every kind have a defined answer."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.data.audio import UnreadableAudioError, read_audio, resampled, wav_bytes

RATE = 8000
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.int16)


def encoded(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def test_sixteen_bits_at_the_wanted_rate_are_kept_to_the_bit() -> None:
    np.testing.assert_array_equal(read_audio(wav_bytes(TONE, RATE), RATE), TONE)
    samples = TONE.astype(np.float32)
    assert resampled(samples, RATE, RATE) is samples


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_U8"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("FLAC", None), ("OGG", "VORBIS")],
)
def test_every_format_gives_the_same_sound(kind: str, subtype: str | None) -> None:
    read = read_audio(encoded(TONE / 32_768, kind=kind, subtype=subtype), RATE)
    assert read.dtype == np.int16
    assert len(read) == len(TONE)
    assert np.abs(read[100:-100].astype(int) - TONE[100:-100]).mean() < 400


@pytest.mark.parametrize("rate", [11_025, 16_000, 44_100, 48_000, 44_101, 8_001])
def test_another_rate_keeps_length_and_pitch(rate: int) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.int16)
    read = read_audio(wav_bytes(tone, rate), RATE)
    assert len(read) == pytest.approx(RATE, abs=30)
    assert np.abs(np.fft.rfft(read)).argmax() * RATE / len(read) == pytest.approx(440, abs=2)  # the loudest frequency


def test_channels_are_averaged_what_is_beyond_full_scale_is_clipped_and_no_numbers_are_silence() -> None:
    stereo = np.stack([TONE, np.zeros_like(TONE)], 1)
    np.testing.assert_allclose(read_audio(wav_bytes(stereo, RATE), RATE), TONE / 2, atol=1)
    read = read_audio(encoded(np.array([2.0, -2.0, np.nan, 0.5], np.float32), subtype="FLOAT"), RATE)
    assert read.tolist() == [32767, -32768, 0, 16384]


def test_a_single_sample_is_a_recording() -> None:
    for rate in (RATE, 48_000):
        assert len(read_audio(wav_bytes(TONE[1:2], rate), RATE)) == 1


def claiming(frames: int) -> bytes:
    """A FLAC file of a second that claims to have so many samples (a number of 36 bits in its header)."""
    file = bytearray(encoded(TONE, kind="FLAC"))
    (field,) = struct.unpack(">Q", file[18:26])
    file[18:26] = struct.pack(">Q", field >> 36 << 36 | frames)
    return bytes(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a recording"),
        (b"hello", "not a recording"),
        (wav_bytes(TONE, RATE)[:30], "not a recording"),
        (wav_bytes(TONE[:0], RATE), "it has no samples"),
        (encoded(TONE, kind="AU"), "of an unusual kind"),
        (wav_bytes(TONE, 500), "of an unusual kind"),
        (encoded(np.zeros((10, 9), np.int16)), "of an unusual kind"),
        (claiming(2**36 - 1), "longer than the 1800 seconds allowed"),
        (Path("none.wav"), "no such file"),
    ],
)
def test_what_is_no_recording_is_refused(content: bytes | Path, reason: str) -> None:
    with pytest.raises(UnreadableAudioError, match=reason):
        read_audio(content, RATE)


def test_the_longest_length_can_be_chosen() -> None:
    with pytest.raises(UnreadableAudioError, match=r"longer than the 0\.5 seconds allowed"):
        read_audio(wav_bytes(TONE, RATE), RATE, max_seconds=0.5)
