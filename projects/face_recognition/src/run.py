"""The whole job, from data to report and a look at real photos, and a short table at the end."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.config import from_plain
from shared.console import log, shown, table
from shared.results import data_rows
from shared.training.files import best_checkpoint
from src.baseline import baseline
from src.config import PROJECT, Config, export_path
from src.demonstration import demonstrate
from src.evaluate import evaluate
from src.export import export
from src.report import report
from src.train import train


def run(config: Config) -> dict[str, Any]:
    """Train, evaluate, compare with the baseline, export and report; then say what came of it.

    An embedder that comes trained learns nothing; `small` is trained from scratch beside it then, in outputs/small,
    to compare with.
    """
    started = time.perf_counter()
    trained = train(config)
    config = from_plain(Config, trained["config"], base=PROJECT)
    evaluated = evaluate(config)
    beside = None if trained["trained_on_data"] else _train_small(config)
    baselines = baseline(config)
    exported = export(config)
    looked = demonstrate(config)
    page = report(config)
    python = shown(Path(sys.executable))
    table(
        PROJECT.name,
        data_rows(trained)
        | {"weights from": trained["first_weights"]["source"]}
        | _score_rows(evaluated, beside, baselines)
        | {
            "photos looked at": looked["summary"],
            "parameters": f"{trained['parameters']:,}",
            "seconds": f"{trained['seconds']:.1f} training, {time.perf_counter() - started:.1f} in all",
            "ONNX parity": f"largest difference {exported['metrics']['largest_difference']:.1e} "
            f"at batch sizes {', '.join(map(str, exported['batch_sizes']))}",
            "weights": shown(best_checkpoint(config.output_dir)),
            "ONNX file": shown(export_path(config)),
            "report": shown(page),
            "curves": f"{python} -m tensorboard.main --logdir {shown(config.log_dir)}",
            "next": f"{python} {shown(PROJECT / 'main.py')} verify one_photo.jpg another.jpg",
        },
    )
    return {"train": trained, "evaluate": evaluated, "baseline": baselines, "export": exported, "photos": looked}


def _train_small(config: Config) -> dict[str, Any]:
    """Train and measure `small` on the same split, with results of its own."""
    log.info("run: a small network is trained from scratch beside it, to compare with")
    places = {"output_dir": config.output_dir / "small", "log_dir": config.log_dir / "small"}
    beside = replace(config, model=replace(config.model, name="small"), **places)
    train(beside)
    return evaluate(beside)


def _score_rows(evaluated: dict[str, Any], beside: dict[str, Any] | None, baselines: dict[str, Any]) -> dict[str, str]:
    test = evaluated["metrics"]["test"]
    low, high = test["accuracy_interval"]
    rows = {
        "validation accuracy": f"{evaluated['metrics']['validation']['accuracy']:.4f} of the pairs",
        "test accuracy": f"{test['accuracy']:.4f} of {test['pairs']:,} pairs (95 % interval {low:.4f} to {high:.4f})",
        "equal error rate": f"{test['eer']:.4f} on the test pairs",
    }
    if evaluated["folds"]:
        folds = evaluated["folds"]
        rows["all folds"] = f"{folds['accuracy']:.4f} ± {folds['deviation']:.4f} over {len(folds['folds'])} folds"
    if beside:
        rows["small, trained here"] = f"{beside['metrics']['test']['accuracy']:.4f} on the test pairs"
    for name, metrics in baselines["metrics"].items():
        rows[f"baseline, {name}"] = f"{metrics['test']['accuracy']:.4f} on the test pairs"
    return rows
