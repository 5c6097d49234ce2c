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


def save_masks(_: list[str], examples: Examples, folder: Path) -> None:
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
        for index, pixels in enumerate(examples[kind]):
            Image.fromarray(pixels).save(folder / kind / f"{index}.png")


@pytest.fixture(scope="session")
def contract() -> Contract:
    from main import VERBS

    return Contract(
        PROJECT,
        VERBS,
        score=lambda evaluated: evaluated["metrics"]["test"]["pooled"]["mean_iou"],
        learned=0.5,
        chance=0.2,
        other_network=("--model.name", "fpn"),
        input_name="photo.png",
        save_labeled=save_masks,
    )
