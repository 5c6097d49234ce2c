"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_each_step_beats_chance_by_far() -> None:
    notebook = nbformat.read(PROJECT / "notebooks" / "exploration.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": PROJECT / "notebooks"}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    for words in ("logistic regression", "support vector machine", "\ncnn"):
        found = re.search(rf"{words}: (0\.\d+|1\.0)", printed)
        assert found, words
        assert float(found[1]) > 0.75, words
    for words, most in (
        (r"by hand and by FFT differ by (\S+) of the largest", 1e-9),
        (r"twice as loud changes the features by (\S+)", 1e-4),
        (r"onnxruntime and PyTorch differ by (\S+) at most", 1e-3),
    ):
        found = re.search(words, printed)
        assert found, words
        assert float(found[1]) < most, words
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
