"""Makes the project importable from anywhere, also in a copy of its folder, and says what its tests have to know."""

import sys
from pathlib import Path

import pytest

from shared.data.examples import Examples
from shared.files import write_csv
from shared.testing.contract import Contract, check, data, job, refused, smoke, trained  # noqa: F401 - fixtures
from shared.testing.pages import page, served, static  # noqa: F401 - fixtures

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))


def save_texts(classes: list[str], texts: Examples, folder: Path) -> None:
    labels = (classes[label] for label in texts["labels"])
    write_csv(folder.with_suffix(".csv"), ["text", "label"], zip(texts["texts"], labels, strict=True))


@pytest.fixture(scope="session")
def contract() -> Contract:
    from main import VERBS

    return Contract(
        PROJECT,
        VERBS,
        score=lambda evaluated: evaluated["metrics"]["test"]["accuracy"],
        learned=0.65,
        chance=0.45,
        other_network=("--model.width", "64"),
        input_name="texts.txt",
        save_labeled=save_texts,
        flags=("--data.source", "auto", "--data.text_column", "text", "--data.label_column", "label"),
    )
