"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import nbformat
from nbclient import NotebookClient

from src.config import PROJECT


def test_the_notebook_runs_and_shows_what_it_says() -> None:
    notebook = nbformat.read(PROJECT / "notebooks" / "exploration.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": PROJECT / "notebooks"}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
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
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
