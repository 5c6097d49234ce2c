"""The notebooks of docs/learn run from the first cell to the last, and what they state is what they measure."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

LEARN = Path(__file__).resolve().parents[1] / "docs" / "learn"
NOTEBOOKS = sorted(LEARN.glob("[0-9]*.ipynb"))
QUICK = {"00_environment", "03_tensors", "04_autograd"}  # up to seven seconds of processor time
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[str]:
    """The sources of the cells of a kind, `markdown` or `code`."""
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def decimals(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\w)", text)}


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[pytest.mark.long] * (path.stem not in QUICK)) for path in NOTEBOOKS],
)
def test_the_notebook_runs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": LEARN}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "a picture"
    warnings = [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert warnings == []


@every_notebook
def test_each_number_in_the_text_is_set_or_asserted_in_the_code(path: Path) -> None:
    code = "\n".join(cells(path, "code"))
    nodes = ast.walk(ast.parse(code))
    known = {float(node.value) for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)}
    for text in cells(path, "markdown"):
        assert decimals(text) <= known, text


@every_notebook
def test_the_notebook_says_what_one_will_have_and_where_the_repository_does_it(path: Path) -> None:
    text = "\n\n".join(cells(path, "markdown"))
    assert "**What you will have at the end**" in cells(path, "markdown")[0]
    assert "## The same in this repository" in text
    assert "show_source(" in "\n".join(cells(path, "code"))
