"""Makes the project importable from anywhere, also in a copy of its folder, and says what its tests have to know."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from shared.data.examples import Examples
from shared.testing.contract import Contract, check, data, job, refused, smoke, trained  # noqa: F401 - fixtures
from shared.testing.pages import page, served, static  # noqa: F401 - fixtures

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))


def save_photos(classes: list[str], photos: Examples, folder: Path) -> None:
    for index, (image, label) in enumerate(zip(photos["images"], photos["labels"], strict=True)):
        (folder / classes[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / classes[label] / f"{index}.png")


@pytest.fixture(scope="session")
def contract() -> Contract:
    from main import VERBS

    return Contract(
        PROJECT,
        VERBS,
        score=lambda evaluated: evaluated["metrics"]["test"]["accuracy"],
        learned=0.7,
        chance=0.35,
        other_network=("--model.name", "resnet18"),
        input_name="photo.jpg",
        save_labeled=save_photos,
    )
