"""Recordings of every kind have a defined answer."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.data.audio import UnreadableAudioError, read_audio, read_recording, resampled, wav_bytes

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
    assert len(read_audio(wav_bytes(TONE[1:2], RATE), RATE)) == 1


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAV", "ULAW"),
        ("FLAC", None),
        ("OGG", "VORBIS"),
        ("MP3", None),
        ("AIFF", None),
        ("AU", None),
    ],
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
    assert len(read_audio(wav_bytes(TONE[1:2], rate), RATE)) == 1, "a single sample is a recording"
    assert np.abs(np.fft.rfft(read)).argmax() * RATE / len(read) == pytest.approx(440, abs=2)  # the loudest frequency


def test_channels_are_averaged_what_is_beyond_full_scale_is_clipped_and_no_numbers_are_silence() -> None:
    stereo = np.stack([TONE, np.zeros_like(TONE)], 1)
    np.testing.assert_allclose(read_audio(wav_bytes(stereo, RATE), RATE), TONE / 2, atol=1)
    stray = np.array([2.0, -2.0, np.nan, 0.5] + 3000 * [0.25], np.float32)
    assert read_audio(encoded(stray, subtype="FLOAT"), RATE)[:5].tolist() == [32767, -32768, 0, 16384, 8192]


def decoded(content: bytes) -> tuple[np.ndarray, str]:
    """The samples, and what is unusual about the file."""
    found = read_recording(content, RATE)
    return found.samples, "; ".join(found.unusual)


@pytest.mark.parametrize("other", [-1.0, -0.9])
def test_channels_of_opposite_sign_do_not_cancel(other: float) -> None:
    samples, unusual = decoded(wav_bytes(np.stack([(TONE * other).astype(np.int16), TONE], 1), RATE))
    np.testing.assert_array_equal(np.abs(samples), np.abs(TONE))
    assert "opposite sign" in unusual
    three = np.stack([np.zeros_like(TONE), TONE, -TONE], 1)
    assert np.abs(decoded(wav_bytes(three, RATE))[0]).max() == np.abs(TONE).max()
    independent = np.random.default_rng(0).integers(-9999, 9999, (RATE, 2)).astype(np.int16)
    for usual in (independent, np.stack([TONE, TONE // 9], 1), np.stack([TONE, 0 * TONE], 1), np.zeros((9, 2))):
        assert decoded(wav_bytes(usual.astype(np.int16), RATE))[1] == ""


@pytest.mark.parametrize(("scale", "full"), [(3.0, 3.0), (2.0**15, 2**15), (5000, 2**15), (2.0**23, 2**23)])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_in_the_range_of_integers_are_scaled_and_not_clipped(scale: float, full: float, subtype: str) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * scale
    samples, unusual = decoded(encoded(tone.astype(np.float32), subtype=subtype))
    np.testing.assert_allclose(samples, tone / full * 32_768, atol=1)
    assert "scaled down" in unusual


@pytest.mark.parametrize(("riff", "length"), [(0, 0), (36, 0), (None, 0), (0xFFFF_FFFF, 0), (0xFFFF_FFFF, 0xFFFF_FFFF)])
def test_a_wav_file_whose_header_has_no_length_is_read_to_its_end(riff: int | None, length: int) -> None:
    file = bytearray(wav_bytes(TONE, RATE))
    if riff is not None:
        file[4:8] = struct.pack("<I", riff)
    start = file.find(b"data") + 8
    file[start - 4 : start] = struct.pack("<I", length)
    samples, unusual = decoded(bytes(file))
    np.testing.assert_array_equal(samples, TONE)
    assert "no length" in unusual
    text = b"LIST" + struct.pack("<I", 8) + b"INFOnone"
    with pytest.raises(UnreadableAudioError, match="no samples"):
        read_audio(bytes(file[: start - 4] + bytes(4) + text), RATE)  # a chunk of text is no sound


def test_a_flac_file_without_a_length_is_read_to_its_end_but_no_farther_than_allowed() -> None:
    samples, unusual = decoded(claiming(0))
    np.testing.assert_array_equal(samples, TONE)
    assert "no length" in unusual
    for content in (claiming(0), wav_bytes(TONE, RATE)):
        with pytest.raises(UnreadableAudioError, match=r"longer than the 0\.5 seconds allowed"):
            read_recording(content, RATE, max_seconds=0.5)


def test_what_is_unusual_about_a_file_is_said() -> None:
    assert decoded(wav_bytes(TONE, RATE))[1] == ""
    assert "ends before its header says" in decoded(wav_bytes(TONE, RATE)[:-8000])[1]
    assert "ends before its header says" in decoded(claiming(2 * RATE))[1]
    assert "offset" in decoded(wav_bytes(TONE + np.int16(2000), RATE))[1]
    stray = np.append(TONE / 32_768, np.inf).astype(np.float32)
    assert "no numbers" in decoded(encoded(stray, subtype="FLOAT"))[1]


def claiming(frames: int) -> bytes:
    """A FLAC file of a second that claims to have this number of samples (a number of 36 bits in its header)."""
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
        (encoded(TONE, kind="CAF"), "of an unusual kind"),
        (b"\0\0\0\x20ftypM4A " + bytes(40), "M4A or MP4 is not read; save it as WAV"),
        (wav_bytes(TONE, 500), "of an unusual kind"),
        (encoded(np.zeros((10, 9), np.int16)), "of an unusual kind"),
        (claiming(2**36 - 1), "longer than the 1800 seconds allowed"),
        (Path("none.wav"), "no such file"),
    ],
)
def test_what_is_no_recording_is_refused(content: bytes | Path, reason: str) -> None:
    with pytest.raises(UnreadableAudioError, match=reason):
        read_audio(content, RATE)
