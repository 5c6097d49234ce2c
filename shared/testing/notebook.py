"""A project's notebook, run as a reader would run it."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient


def run_notebook(project: Path) -> tuple[str, int]:
    """What the cells print, from the first to the last, and how many figures they draw."""
    folder = project / "notebooks"
    notebook = nbformat.read(folder / "exploration.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.get("text", "") for output in outputs)
    return printed, sum("image/png" in output.get("data", {}) for output in outputs)
