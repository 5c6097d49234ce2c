"""Recordings for tests: tones of another pitch for each class, and another voice for each speaker."""

from pathlib import Path

import numpy as np

from shared.data.audio import wav_bytes

RATE = 8000


def tone(hertz: float, seconds: float = 0.3, level: float = 8000, rate: int = RATE) -> np.ndarray:
    """A tone that begins and ends softly: int16 [samples]."""
    times = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * times) * np.hanning(len(times))).astype(np.int16)


def save(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """Write a WAV file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_bytes(samples, rate))
    return path


def save_folder(root: Path, classes: dict[str, int], speakers: int = 5) -> Path:
    """So many tones of each class, by speakers in turn: `<class>/<speaker>_nohash_<number>.wav`."""
    for pitch, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            speaker = index % speakers
            hertz = 300 + 400 * pitch + 20 * speaker + 3 * (index // speakers)  # no two sounds are copies
            sound = tone(hertz, 0.2 + 0.01 * index)
            save(root / name / f"{speaker:08x}_nohash_{index}.wav", sound)
    return root
