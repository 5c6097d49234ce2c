"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import pytest

from shared.testing.notebook import run_notebook
from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_each_step_shows_what_it_says() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures == 3
    for name, least in (
        ("bag of words", 0.75),
        ("mean of embeddings", 0.6),
        ("GRU in both directions", 0.6),
        ("Transformer from scratch", 0.5),
        ("frozen encoder", 0.85),
    ):
        found = re.search(rf"{name}: (0\.\d+)", printed)
        assert found, name
        assert float(found[1]) > least, name
    (scores,) = re.findall(r"bag (0\.\d+), encoder (0\.\d+)", printed)
    assert float(scores[1]) > float(scores[0]) + 0.1
    faded, kept = map(float, re.findall(r"50 steps back (\S+) of", printed))
    assert faded < 1e-3 < kept
    bag, reordered = re.findall(r"(?:it was not|she said) -> (.*)", printed)
    assert bag == reordered
    assert sorted(bag.split()) == ["it", "not", "said", "she", "was"]
    assert "as PyTorch computes it: True" in printed
