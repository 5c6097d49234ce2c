"""The notebook runs from the first cell to the last, and what it shows is what it says."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from src.config import PROJECT


@pytest.mark.long
def test_the_notebook_runs_and_each_step_shows_what_it_says() -> None:
    notebook = nbformat.read(PROJECT / "notebooks" / "exploration.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": PROJECT / "notebooks"}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    for words, least in (
        ("bag of words", 0.75),
        ("mean of embeddings", 0.6),
        ("GRU in both directions", 0.6),
        ("Transformer from scratch", 0.5),
        ("frozen encoder", 0.85),
    ):
        found = re.search(rf"{words}: (0\.\d+)", printed)
        assert found, words
        assert float(found[1]) > least, words
    bag, encoder = map(float, re.search(r"bag (0\.\d+), encoder (0\.\d+)", printed).groups())  # type: ignore[union-attr]
    assert encoder > bag + 0.1
    faded, kept = map(float, re.findall(r"50 steps back (\S+) of", printed))
    assert faded < 1e-3 < kept
    bag, reordered = re.findall(r"(?:it was not|she said) -> (.*)", printed)
    assert bag == reordered
    assert sorted(bag.split()) == ["it", "not", "said", "she", "was"]
    assert "as PyTorch computes it: True" in printed
    assert (
        sum("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])) == 3
    )
