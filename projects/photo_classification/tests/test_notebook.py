"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import pytest

from shared.testing.notebook import run_notebook
from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_shows_what_it_says() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures >= 4
    scores = {name: float(value) for name, value in re.findall(r"^([a-z ]+): (0\.\d+|1\.0+)$", printed, re.MULTILINE)}
    assert scores["frozen features"] > max(scores[name] for name in ("pixels", "color histograms", "gradients")) + 0.1
    curves = {
        name: [float(value) for value in values.split(", ")]
        for name, values in re.findall(r"^(scratch|frozen|fine-tuned): (.+)$", printed, re.MULTILINE)
    }
    assert all(frozen > scratch for frozen, scratch in zip(curves["frozen"], curves["scratch"], strict=True))
