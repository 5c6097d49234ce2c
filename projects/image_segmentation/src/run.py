"""The whole job, from data to report, and a short table at the end."""

import sys
import time
from pathlib import Path
from typing import Any

from shared.config import from_plain
from shared.console import table
from shared.training.checkpoint import best_checkpoint
from src.baseline import baseline
from src.config import PROJECT, Config
from src.evaluate import evaluate
from src.export import export, export_path
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
    python = _shown(Path(sys.executable))
    table(
        PROJECT.name,
        _data_rows(trained)
        | _score_rows(evaluated, baselines)
        | {
            "parameters": f"{trained['parameters']:,}",
            "seconds": f"{trained['seconds']:.1f} training, {time.perf_counter() - started:.1f} in all",
            "first weights": trained["first_weights"]["source"],
            "export": f"{exported['precision']}: {exported['reason']}",
            "weights": _shown(best_checkpoint(config.output_dir)),
            "ONNX file": _shown(export_path(config)),
            "report": _shown(page),
            "curves": f"{python} -m tensorboard.main --logdir {_shown(config.log_dir)}",
            "next": f"{python} {_shown(PROJECT / 'main.py')} predict your_picture.jpg",
        },
    )
    return {"train": trained, "evaluate": evaluated, "baseline": baselines, "export": exported}


def _data_rows(trained: dict[str, Any]) -> dict[str, str]:
    data = trained["data"]
    counts = ", ".join(f"{count:,} {name}" for name, count in data["counts"].items())
    rows = {"data": f"{data['source']} ({counts})"}
    if data["substituted"]:
        rows["substituted"] = data["substituted"]
    return rows | {"seed": str(trained["seed"])}


def _score_rows(evaluated: dict[str, Any], baselines: dict[str, Any]) -> dict[str, str]:
    rows = {f"{part} mean IoU": _overlap(evaluated["metrics"][part]) for part in ("validation", "test")}
    for name, metrics in baselines["metrics"].items():
        rows[f"baseline, {name}"] = f"{_overlap(metrics['test'])}, on the test part"
    return rows


def _overlap(scores: dict[str, Any]) -> str:
    return f"{scores['pooled']['mean_iou']:.4f} pooled, {scores['per_image']['mean_iou']:.4f} per image"


def _shown(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
