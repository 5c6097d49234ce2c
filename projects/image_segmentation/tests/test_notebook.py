"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_shows_what_it_says() -> None:
    notebook = nbformat.read(PROJECT / "notebooks" / "exploration.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": PROJECT / "notebooks"}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    sizes = [int(size) for size in re.findall(r"halvings: a pixel sees (\d+) x", printed)]
    assert len(sizes) == 4
    assert sizes == sorted(set(sizes))
    assert "object, pooled: 0.988, per image: 0.500" in printed
    last = {name: float(value) for name, value in re.findall(r"(random weights|pretrained): (0\.\d+)", printed)}
    assert last["pretrained"] > last["random weights"] + 0.05
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
