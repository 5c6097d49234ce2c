"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import pytest

from shared.testing.notebook import run_notebook
from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_each_step_beats_chance_by_far() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures
    for name in ("logistic regression", "support vector machine", "\ncnn"):
        found = re.search(rf"{name}: (0\.\d+|1\.0)", printed)
        assert found, name
        assert float(found[1]) > 0.75, name
    for words, most in (
        (r"by hand and by FFT differ by (\S+) of the largest", 1e-9),
        (r"twice as loud changes the features by (\S+)", 1e-4),
        (r"onnxruntime and PyTorch differ by (\S+) at most", 1e-3),
    ):
        (difference,) = re.findall(words, printed)
        assert float(difference) < most, words
