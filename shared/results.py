"""`outputs/<verb>.json`: what a verb measured, on what, with which seed, for scripts that read what people read."""

import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.files import read_json, write_json
from shared.process import is_main_process

_SHARED = ("torch", "numpy", "scikit-learn", "accelerate", "onnxruntime")
"""What this library computes with; a project adds the packages of its requirements.txt."""
_NOTEBOOKS_AND_TESTS = {"ipykernel", "ipython", "nbclient", "nbformat", "pytest"}
"""In every project's requirements.txt, but no result depends on them."""


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that decide a result, by name; none is imported for it."""
    names = [name for name in dict.fromkeys((*_SHARED, *_project_packages())) if name not in _NOTEBOOKS_AND_TESTS]
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _project_packages() -> list[str]:
    """The names in the requirements.txt of the project whose `src` is importable; none where there is no such file."""
    package = find_spec("src")
    folders = package.submodule_search_locations if package else None
    file = Path(folders[0]).parent / "requirements.txt" if folders else None
    text = file.read_text(encoding="utf-8", errors="replace") if file and file.is_file() else ""
    return re.findall(r"^[A-Za-z0-9][\w.-]*", text, re.MULTILINE)


def write_result(
    output_dir: Path,
    verb: str,
    *,
    seed: int,
    data: Mapping[str, Any],
    metrics: Mapping[str, Any],
    seconds: float,
    device: str = "cpu",
    **details: Any,
) -> dict[str, Any]:
    """Write `outputs/<verb>.json` atomically and return its content.

    Args:
        data: the record of the data used (`Data.as_dict`).
        metrics: by split (`train`, `validation`, `test`), or by name where there are no splits.
        details: further entries of the file, as plain types.
    """
    torch = sys.modules.get("torch")  # a verb that needs no PyTorch does not import it for this
    result = {
        "verb": verb,
        "data": dict(data),
        "seed": seed,
        "metrics": dict(metrics),
        "seconds": round(seconds, 2),
        "device": device,
        "threads": torch.get_num_threads() if torch else os.cpu_count() or 1,
        "versions": versions(),
        **details,
    }
    if is_main_process():
        write_json(output_dir / f"{verb}.json", result)
    return result


def read_result(output_dir: Path, verb: str) -> dict[str, Any]:
    """Read what a verb wrote.

    Raises:
        UserError: it has not run, or its file is damaged.
    """
    content: dict[str, Any] = read_json(output_dir / f"{verb}.json", f"run `python main.py {verb}` first")
    return content


def read_evaluation(output_dir: Path, checkpoint: str) -> dict[str, Any] | None:
    """What `evaluate` has written, if it measured the weights of that digest."""
    if not (output_dir / "evaluate.json").is_file():
        return None
    measured = read_result(output_dir, "evaluate")
    return measured if measured["checkpoint"] == checkpoint else None


def data_rows(result: Mapping[str, Any]) -> dict[str, str]:
    """The data and the seed of a run, as rows of a table."""
    data = result["data"]
    counts = ", ".join(f"{count:,} {name}" for name, count in data["counts"].items())
    rows = {"data": f"{data['source']} ({counts})"}
    if data["substituted"]:
        rows["substituted"] = data["substituted"]
    return rows | {"seed": str(result["seed"])}


def headline(scores: Mapping[str, Any]) -> tuple[str, float, float, float]:
    """The score that a model is judged by: its name, its value, and both ends of its 95 % interval."""
    if "accuracy_interval" in scores:
        return "accuracy", scores["accuracy"], *scores["accuracy_interval"]
    if "macro_f1_interval" in scores:
        return "macro-F1", scores["macro_f1"], *scores["macro_f1_interval"]
    return "mean IoU", scores["pooled"]["mean_iou"], *scores["pooled"]["mean_iou_interval"]
