"""A recording of any length becomes a clip of one length, in Python and on the page alike; augmentation keeps words."""

import base64
import io

import numpy as np
import pytest
import soundfile
import torch
from recordings import RATE, tone

from shared.data.audio import read_recording, to_int16
from shared.seeding import generator
from shared.testing.node import WHY_NOT, run_node
from src.augmentation import add_noise, random_speed_and_shift
from src.config import PROJECT
from src.preparation import fit, is_silent, loudest


def test_a_short_recording_lies_in_the_middle_of_silence() -> None:
    assert fit(np.array([1, 2, 3], np.int16), 8, RATE).tolist() == [0, 0, 1, 2, 3, 0, 0, 0]
    assert fit(np.array([5], np.int16), 3, RATE).tolist() == [0, 5, 0]


def test_a_long_recording_is_cut_to_its_loudest_stretch() -> None:
    samples = np.zeros(100_000, np.int16)
    samples[70_000:72_400] = tone(400)
    assert loudest(samples, 2400, RATE) == pytest.approx(70_000, abs=20)
    np.testing.assert_array_equal(fit(np.arange(5, dtype=np.int16), 5, RATE), np.arange(5))


TIMES = np.arange(3 * RATE) / RATE
FAULTS = {
    "an offset that fades": 0.8 * np.exp(-TIMES / 0.15),
    "a negative one": -0.9 * np.exp(-TIMES / 0.4),
    "a step": 0.8 * (TIMES < 0.7),
    "a slow swing": 0.7 * np.sin(2 * np.pi * 2 * TIMES) * (TIMES < 1.5),
    "a click": 0.95 * (np.abs(TIMES - 0.5) < 0.002),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_loud_but_no_sound_does_not_decide_which_stretch_is_kept(fault: str) -> None:
    noise = 0.002 * np.random.default_rng(0).standard_normal(len(TIMES))
    sound = 0.1 * np.sin(2 * np.pi * 700 * TIMES) * (np.abs(TIMES - 2.25) < 0.25)
    samples = to_int16(noise + sound + FAULTS[fault])
    assert 1.45 < loudest(samples, RATE, RATE) / RATE < 2.05  # the sound lies between 2.0 and 2.5 s


def test_silence_is_refused() -> None:
    assert is_silent(np.full(100, 7, np.int16))
    assert is_silent(np.full(100, 5000, np.int16))  # an offset alone
    assert not is_silent(np.array([0, -32_768], np.int16))


def test_another_speed_changes_the_pitch() -> None:
    clips = torch.from_numpy(tone(1000, 0.5))[None].repeat(50, 1)
    played = random_speed_and_shift(clips, 0.2, 0, generator(0))
    assert played.dtype == torch.int16
    assert played.shape == clips.shape
    pitches = np.abs(np.fft.rfft(played.numpy())).argmax(1) * 2
    assert 800 <= pitches.min() < 850
    assert 1150 < pitches.max() <= 1200


def test_a_shift_moves_a_clip_and_fills_up_with_silence() -> None:
    clips = torch.zeros(200, 100, dtype=torch.int16)
    clips[:, 50] = 1000
    moved = random_speed_and_shift(clips, 0.0, 10, generator(0))
    middles = (moved.float() * torch.arange(100)).sum(1) / moved.float().sum(1)
    assert 40 <= middles.min() < 42
    assert 58 < middles.max() <= 60
    assert moved.float().sum(1).sub(1000).abs().max() <= 1
    assert torch.equal(random_speed_and_shift(clips, 0.0, 0, generator(0)), clips)


def test_noise_is_in_proportion_to_the_clip() -> None:
    clips = torch.from_numpy(np.stack([tone(500), tone(500, level=80), tone(500, level=0)]))
    noise = (add_noise(clips, 0.5, generator(0)) - clips).float().std(1)
    assert noise[0] > 20 * noise[1] > 0
    assert noise[2] == 0
    assert torch.equal(add_noise(clips, 0.0, generator(0)), clips)


IN_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { fit, int16Of, isSilent, mixed, unusualIn, wavOf } from "./preparation.mjs";

const answers = JSON.parse(readFileSync(0)).map(({ channels, samples, length }) => {
  if (channels) {
    const floats = channels.map((channel) => Float32Array.from(channel));
    return { samples: [...int16Of(mixed(floats))], unusual: unusualIn(floats) };
  }
  const bytes = Buffer.from(samples, "base64");
  const heard = Int16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(2 * index));
  return { fitted: [...fit(heard, length, 800)], silent: isSilent(heard, 8), wav: wavOf(heard, 8000).size };
});
console.log(JSON.stringify(answers));
"""


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_page_prepares_a_recording_to_the_same_samples() -> None:
    random = np.random.default_rng(0)
    clips = [random.integers(-32_768, 32_768, size, dtype=np.int16) for size in (1, 5, 99, 100, 101, 250, 3000)]
    clips += [np.zeros(300, np.int16), np.full(300, 5000, np.int16), np.tile(np.int16([-8, 7]), 150)]
    clips += [np.tile(np.int16([-8, 8]), 150)]
    asked = [{"samples": base64.b64encode(clip.tobytes()).decode(), "length": 100} for clip in clips]
    for clip, found in zip(clips, run_node(PROJECT / "src" / "page", IN_JAVASCRIPT, asked), strict=True):
        assert found["fitted"] == fit(clip, 100, 800).tolist()
        assert found["silent"] == bool(np.ptp(clip.astype(int)) < 16)
        assert found["wav"] == 44 + 2 * len(clip)


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_page_mixes_and_scales_as_python_does() -> None:
    wave = np.sin(np.arange(3000) / 9).astype(np.float32) * 0.9
    files = [[wave, wave], [wave, -wave], [wave, 0 * wave], [20_000 * wave], [3 * wave], [wave, -wave / 2, wave / 3]]
    files += [[wave / 10 + np.float32(0.2)], [wave / 10 + np.float32(9), -wave / 10 - np.float32(9)]]
    asked = [{"channels": [channel.tolist() for channel in file]} for file in files]
    for file, found in zip(files, run_node(PROJECT / "src" / "page", IN_JAVASCRIPT, asked), strict=True):
        buffer = io.BytesIO()
        soundfile.write(buffer, np.stack(file, 1), RATE, format="WAV", subtype="FLOAT")
        recording = read_recording(buffer.getvalue(), RATE)
        np.testing.assert_allclose(found["samples"], recording.samples, atol=1)
        assert found["unusual"] == recording.unusual
