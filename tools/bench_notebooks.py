"""Run each project's notebook and keep what each of its sections prints last, and how long it took."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbclient import NotebookClient

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from keeping import run, so_far

from shared.files import write_json
from shared.results import versions

RESULT = REPOSITORY / "tools" / "results" / "notebooks.json"


def measure(name: str) -> dict[str, Any]:
    """Seconds and last printed line of each section, by its title; `Start` is what stands before the first one."""
    path = REPOSITORY / "projects" / name / "notebooks" / "exploration.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=900, record_timing=True, resources={"metadata": {"path": path.parent}}).execute()
    title = "Start"
    sections: dict[str, dict[str, Any]] = {title: {"seconds": 0.0, "prints": ""}}
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            title = cell.source.splitlines()[0].removeprefix("## ")
        elif cell.cell_type == "code":
            found = sections.setdefault(title, {"seconds": 0.0, "prints": ""})
            found["seconds"] = round(found["seconds"] + seconds(cell.metadata["execution"]), 1)
            found["prints"] = last_line(cell) or found["prints"]
    return {"sections": sections, "threads": torch.get_num_threads(), "versions": versions()}


def last_line(cell: Any) -> str:
    """What a cell printed last; empty where it printed nothing."""
    texts = [output["text"] for output in cell.outputs if output.get("name") == "stdout"]
    lines = "".join(texts).split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def seconds(times: dict[str, str]) -> float:
    """From the moment that the kernel was busy with a cell until its answer was there."""
    begun, ended = (datetime.fromisoformat(times[f"iopub.{name}"]) for name in ("execute_input", "status.idle"))
    return (ended - begun).total_seconds()


def main() -> None:
    """Measure the named projects' notebooks, or those that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="*", help="their names; all that were not measured yet if none is given")
    arguments = parser.parse_args()
    results = so_far(RESULT)
    names = sorted(path.parent.name for path in REPOSITORY.glob("projects/*/main.py"))
    for name in arguments.projects or [name for name in names if name not in results]:
        results[name] = measure(name)
        write_json(RESULT, dict(sorted(results.items())))


if __name__ == "__main__":
    run(main)
