"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import nbformat
from nbclient import NotebookClient

from src.config import PROJECT


def test_the_notebook_runs_and_each_step_beats_chance_by_far() -> None:
    notebook = nbformat.read(PROJECT / "notebooks" / "exploration.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": PROJECT / "notebooks"}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    for words in ("nearest mean", "logistic regression", "our own logistic regression", "hidden layer, loop by hand"):
        found = re.search(rf"{words}: (0\.\d+)", printed)
        assert found, words
        assert float(found[1]) > 0.8, words
    assert "autograd: 20.0  measured: 20.0" in printed
    assert "memory is shared: True" in printed
    difference = re.search(r"onnxruntime and PyTorch differ by (\S+) at most", printed)
    assert difference
    assert 0 < float(difference[1]) < 1e-3
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
