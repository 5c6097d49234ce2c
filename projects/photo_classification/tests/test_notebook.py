"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

from shared.testing.notebook import run_notebook
from src.config import PROJECT


def test_the_notebook_runs_and_each_step_beats_chance_by_far() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures
    scores = dict(re.findall(r"^([\w ,]+): (0\.\d+)", printed, re.MULTILINE))
    for name in ("nearest mean", "logistic regression", "our own logistic regression", "hidden layer, loop by hand"):
        assert float(scores[name]) > 0.8, name
    assert "autograd: 20.0  measured: 20.0" in printed
    assert "memory is shared: True" in printed
    (difference,) = re.findall(r"onnxruntime and PyTorch differ by (\S+) at most", printed)
    assert 0 < float(difference) < 1e-3
