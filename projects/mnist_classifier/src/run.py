"""The whole job, from data to report, and a short table at the end."""

import sys
import time
from pathlib import Path
from typing import Any

from shared.config import from_plain
from shared.console import shown, table
from shared.results import data_rows
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.config import PROJECT, Config, export_path
from src.evaluate import evaluate
from src.export import export
from src.report import report
from src.train import train


def run(config: Config) -> dict[str, Any]:
    """Train, evaluate, compare with the baselines, export and report; then say what came of it."""
    started = time.perf_counter()
    trained = train(config)
    config = from_plain(Config, trained["config"], base=PROJECT)
    evaluated = evaluate(config)
    baselines = baseline(config)
    exported = export(config)
    page = report(config)
    python = shown(Path(sys.executable))
    table(
        PROJECT.name,
        data_rows(trained)
        | _score_rows(evaluated, baselines)
        | {
            "parameters": f"{trained['parameters']:,}",
            "seconds": f"{trained['seconds']:.1f} training, {time.perf_counter() - started:.1f} in all",
            "ONNX parity": f"largest difference {exported['metrics']['largest_difference']:.1e} "
            f"at batch sizes {', '.join(map(str, exported['batch_sizes']))}",
            "weights": shown(best_checkpoint(config.output_dir)),
            "ONNX file": f"{shown(export_path(config))}, {exported['precision']}: {exported['reason']}",
            "report": shown(page),
            "curves": f"{python} -m tensorboard.main --logdir {shown(config.log_dir)}",
            "next": f"{python} {shown(PROJECT / 'main.py')} predict your_image.png",
        },
    )
    return {"train": trained, "evaluate": evaluated, "baseline": baselines, "export": exported}


def _score_rows(evaluated: dict[str, Any], baselines: dict[str, Any]) -> dict[str, str]:
    low, high = evaluated["metrics"]["test"]["accuracy_interval"]
    rows = {
        "validation accuracy": f"{evaluated['metrics']['validation']['accuracy']:.4f}",
        "test accuracy": f"{evaluated['metrics']['test']['accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f})",
    }
    for name, metrics in baselines["metrics"].items():
        rows[f"baseline, {name}"] = f"{metrics['test']['accuracy']:.4f} on the test split"
    return rows
