"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import pytest

from shared.testing.notebook import run_notebook
from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_shows_what_it_says() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures
    sizes = [int(size) for size in re.findall(r"halvings: a pixel sees (\d+) x", printed)]
    assert len(sizes) == 4
    assert sizes == sorted(set(sizes))
    assert "object, pooled: 0.988, per image: 0.500" in printed
    last = {name: float(value) for name, value in re.findall(r"(random weights|pretrained): (0\.\d+)", printed)}
    assert last["pretrained"] > last["random weights"] + 0.05
