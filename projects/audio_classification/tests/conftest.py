"""Makes the project importable from anywhere, also in a copy of its folder, and says what its tests have to know."""

import sys
from pathlib import Path

import pytest
from recordings import save

from shared.data.examples import Examples
from shared.testing.contract import Contract, check, data, job, refused, smoke, trained  # noqa: F401 - fixtures
from shared.testing.pages import page, served, static  # noqa: F401 - fixtures

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))


def save_vowels(classes: list[str], vowels: Examples, folder: Path) -> None:
    for index, (samples, label) in enumerate(zip(vowels["samples"], vowels["labels"], strict=True)):
        save(folder / classes[label] / f"{index}.wav", samples.numpy())


@pytest.fixture(scope="session")
def contract() -> Contract:
    from main import VERBS

    return Contract(
        PROJECT,
        VERBS,
        score=lambda evaluated: evaluated["metrics"]["test"]["accuracy"],
        learned=0.9,
        chance=0.3,
        other_network=("--model.name", "gru"),
        input_name="clip.wav",
        save_labeled=save_vowels,
        serves_without_torch=False,  # torchaudio resamples
    )
