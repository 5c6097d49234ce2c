"""The built-in sample: vowels of made-up men, women and children, by formant synthesis from a published table.

Voiced sounds are harmonics of the voice's pitch, each as loud as the resonances of the mouth, the formants, let it be.
Where these lie makes the vowel, and depends on the size of the speaker.
"""

from dataclasses import dataclass

import numpy as np

from shared.data.audio import to_int16

VOWELS = ("heed", "hid", "head", "had", "hod", "hawed", "hood", "who'd", "hud", "heard")
"""Each stands for its vowel."""
# Means over 33 men, 28 women and 15 children, in hertz, in the order of VOWELS: pitch, then the first three formants.
# G. E. Peterson and H. L. Barney, "Control methods used in a study of the vowels", J. Acoust. Soc. Am. 24 (1952),
# pages 175-184, table II.
PETERSON_BARNEY = {
    "man": (
        (136, 135, 130, 127, 124, 129, 137, 141, 130, 133),
        (270, 390, 530, 660, 730, 570, 440, 300, 640, 490),
        (2290, 1990, 1840, 1720, 1090, 840, 1020, 870, 1190, 1350),
        (3010, 2550, 2480, 2410, 2440, 2410, 2240, 2240, 2390, 1690),
    ),
    "woman": (
        (235, 232, 223, 210, 212, 216, 232, 231, 221, 218),
        (310, 430, 610, 860, 850, 590, 470, 370, 760, 500),
        (2790, 2480, 2330, 2050, 1220, 920, 1160, 950, 1400, 1640),
        (3310, 3070, 2990, 2850, 2810, 2710, 2680, 2670, 2780, 1960),
    ),
    "child": (
        (272, 269, 260, 251, 256, 263, 276, 274, 261, 261),
        (370, 530, 690, 1010, 1030, 680, 560, 430, 850, 560),
        (3200, 2730, 2610, 2320, 1370, 1060, 1410, 1170, 1590, 1820),
        (3730, 3600, 3570, 3320, 3180, 3180, 3310, 3260, 3360, 2160),
    ),
}
BANDWIDTHS = (60.0, 90.0, 150.0)  # hertz, of the three formants
SPEAKERS = 48
TAKES = 2


@dataclass(frozen=True)
class Speaker:
    """A made-up person."""

    name: str
    kind: str
    pitch: float
    """Times the mean pitch of the kind."""
    size: float
    """Times the mean formants of the kind."""


def make_sample(seed: int, sample_rate: int) -> list[tuple[str, str, str, np.ndarray]]:
    """Clips of all vowels by all speakers: name, vowel, speaker, and int16 samples of 0.25 to 0.5 seconds."""
    random = np.random.default_rng(seed)
    clips = []
    kinds = [list(PETERSON_BARNEY)[index % 3] for index in range(SPEAKERS)]  # as many men as women and children
    speakers = [
        Speaker(f"{kind} {index}", kind, float(random.normal(1, 0.1)), float(random.normal(1, 0.03)))
        for index, kind in enumerate(kinds)
    ]
    for speaker in speakers:
        for vowel in VOWELS:
            for take in range(TAKES):
                samples = spoken(vowel, speaker, sample_rate, random)
                clips.append((f"{vowel} {speaker.name} {take}", vowel, speaker.name, samples))
    return clips


def spoken(vowel: str, speaker: Speaker, sample_rate: int, random: np.random.Generator) -> np.ndarray:
    """One take, with its own pitch, length, level and noise: int16 [samples]."""
    pitch, *formants = (row[VOWELS.index(vowel)] for row in PETERSON_BARNEY[speaker.kind])
    length = int(sample_rate * random.uniform(0.25, 0.5))
    glide = np.linspace(random.uniform(0.9, 1.1), random.uniform(0.9, 1.1), length)
    pitches = max(60.0, pitch * speaker.pitch) * glide
    resonances = [formant * speaker.size * random.normal(1, 0.03) for formant in formants]
    voice = harmonics(pitches, resonances, sample_rate) * envelope(length, sample_rate)
    voice += random.normal(0, random.uniform(0.003, 0.05), length) * voice.std()
    return to_int16(voice / np.abs(voice).max() * random.uniform(0.05, 0.9))


def harmonics(pitches: np.ndarray, formants: list[float], sample_rate: int) -> np.ndarray:
    """A voice of these pitches (in hertz, one a sample) through these resonances: float [samples]."""
    phase = 2 * np.pi * np.cumsum(pitches) / sample_rate
    mean = float(pitches.mean())
    numbers = np.arange(1, int(0.48 * sample_rate / pitches.max()) + 1)
    loudness = [resonance(number * mean, formants) / number for number in numbers]
    waves = [loud * np.sin(number * phase) for number, loud in zip(numbers, loudness, strict=True)]
    return np.sum(waves, axis=0)


def resonance(frequency: float, formants: list[float]) -> float:
    """How much the mouth lets through of a frequency: the product of one resonance for each formant (Fant 1960)."""
    through = 1.0
    for formant, bandwidth in zip(formants, BANDWIDTHS, strict=True):
        pole = complex(-np.pi * bandwidth, 2 * np.pi * formant)
        s = complex(0, 2 * np.pi * frequency)
        through *= abs(pole) ** 2 / abs((s - pole) * (s - pole.conjugate()))
    return through


def envelope(length: int, sample_rate: int) -> np.ndarray:
    """A soft beginning and end of 30 milliseconds: float [samples], between 0 and 1."""
    ramp = np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.03 * sample_rate)
    return 0.5 - 0.5 * np.cos(np.pi * ramp.clip(0, 1))
