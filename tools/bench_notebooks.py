"""Run the notebooks of the road and keep how long each of them computes, and about how long one reads it."""

import argparse
import math
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbclient import NotebookClient

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from result_files import read_results, run, save_result

from shared.errors import UserError
from shared.results import versions

RESULT = REPOSITORY / "tools" / "results" / "notebooks.json"
WORDS_A_MINUTE = 100  # of text and code; the code is read slowly


def notebooks() -> dict[str, Path]:
    """The notebooks by their names: `01_numpy`, or a project's name."""
    found = {path.stem: path for path in REPOSITORY.glob("docs/learn/[0-9]*.ipynb")}
    return found | {path.parents[1].name: path for path in REPOSITORY.glob("projects/*/notebooks/exploration.ipynb")}


def measure(path: Path) -> dict[str, Any]:
    """Seconds from the first cell to the last, and minutes of reading in steps of five."""
    notebook = nbformat.read(path, as_version=4)
    words = sum(len(cell.source.split()) for cell in notebook.cells)
    stated = re.search(r"about (\d+) minutes of reading", notebook.cells[0].source)
    minutes = int(stated[1]) if stated else 5 * math.ceil(words / WORDS_A_MINUTE / 5)
    NotebookClient(notebook, timeout=900, record_timing=True, resources={"metadata": {"path": path.parent}}).execute()
    took = sum(seconds(cell.metadata["execution"]) for cell in notebook.cells if cell.cell_type == "code")
    return {
        "seconds": round(took, 1),
        "minutes_of_reading": minutes,
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }


def seconds(times: dict[str, str]) -> float:
    """From the moment that the kernel was busy with a cell until its answer was there."""
    started, ended = (datetime.fromisoformat(times[f"iopub.{name}"]) for name in ("execute_input", "status.idle"))
    return (ended - started).total_seconds()


def main() -> None:
    """Measure the named notebooks, or those that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="01_numpy, face_recognition, ...; without a name, all that were not measured yet"
    )
    arguments = parser.parse_args()
    found = notebooks()
    for name in arguments.names or [name for name in found if name not in read_results(RESULT)]:
        if name not in found:
            raise UserError(f"there is no notebook {name!r}; choose one of {', '.join(sorted(found))}")
        save_result(RESULT, name, measure(found[name]))


if __name__ == "__main__":
    run(main)
