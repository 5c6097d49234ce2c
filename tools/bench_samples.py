"""Run each project on its built-in sample, as a newcomer does, and keep what it took and how well it did.

What is there already is not run again unless it is named: python tools/bench_samples.py mnist_classifier
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from result_files import read_results, run

from shared.files import read_json, write_json

RESULT = REPOSITORY / "tools" / "results" / "samples.json"
# The score that a project is judged by, and where it stands in its metrics of a split.
SCORES = {
    "audio_classification": ("accuracy", ("accuracy",)),
    "face_recognition": ("accuracy on pairs", ("accuracy",)),
    "image_segmentation": ("mean IoU, pooled", ("pooled", "mean_iou")),
    "mnist_classifier": ("accuracy", ("accuracy",)),
    "photo_classification": ("accuracy", ("accuracy",)),
    "text_classification": ("accuracy", ("accuracy",)),
}


def measure(name: str, folder: Path) -> dict[str, Any]:
    """One whole run with the default settings, its results written below a folder."""
    start, used = time.perf_counter(), cpu_seconds()
    overrides = ["--data.source", "sample", "--output_dir", str(folder), "--log_dir", str(folder / "logs")]
    command = [sys.executable, str(REPOSITORY / "projects" / name / "main.py"), "run", *overrides]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    train, evaluate, baseline = (read_json(folder / f"{verb}.json", "") for verb in ("train", "evaluate", "baseline"))
    label, path = SCORES[name]
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(cpu_seconds() - used, 1),
        "training_seconds": train["seconds"],
        "threads": train["threads"],
        "seed": train["seed"],
        "counts": train["data"]["counts"],
        "score": label,
        "validation": at(evaluate["metrics"]["validation"], path),
        "test": at(evaluate["metrics"]["test"], path),
        "baselines": {model: at(found["test"], path) for model, found in baseline["metrics"].items()},
        "prints": end_of(printed.replace(str(folder), "outputs")),
        "versions": train["versions"],
    }


def end_of(printed: str) -> list[str]:
    """What a run prints from its last epoch on, up to the table."""
    lines = printed.splitlines()
    last = max((number for number, line in enumerate(lines) if line.startswith("epoch ")), default=0)
    return [line for line in lines[last:] if re.match(r"(epoch|evaluate|baseline|export|report)\b", line)]


def cpu_seconds() -> float:
    """What the processes that were waited for have used, seconds of one core."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def at(metrics: Any, path: tuple[str, ...]) -> float:
    """The number at a path of nested keys."""
    for key in path:
        metrics = metrics[key]
    return float(metrics)


def main() -> None:
    """Measure the named projects, or those that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", help="their names; all that were not measured yet if none is given")
    arguments = parser.parse_args()
    results = read_results(RESULT)
    for name in arguments.projects or [name for name in SCORES if name not in results]:
        with tempfile.TemporaryDirectory() as folder:
            results[name] = measure(name, Path(folder))
        write_json(RESULT, dict(sorted(results.items())))


if __name__ == "__main__":
    run(main)
