"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import pytest

from shared.testing.notebook import run_notebook
from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_shows_what_it_says() -> None:
    printed, figures = run_notebook(PROJECT)
    assert figures
    assert "one face, confidence 0.99" in printed or "one face, confidence 1.000" in printed
    auc = {
        name: float(value) for name, value in re.findall(r"(eigenfaces|dlib|small, trained): AUC (\d\.\d+)", printed)
    }
    assert auc["dlib"] > 0.95
    assert auc["dlib"] > auc["eigenfaces"] > 0.5
    assert auc["small, trained"] > 0.6
    active = [int(share) for share in re.findall(r"(\d+)% of the triplets still teach", printed)]
    assert active[-1] < active[0] / 2
    assert "1.0% false accepts: 299 pairs of different people at least" in printed
