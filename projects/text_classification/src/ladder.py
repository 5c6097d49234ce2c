"""One network of each kind on one split, and one table: when is the Transformer worth it?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.config import parse, to_plain
from shared.console import columns, log
from shared.data.examples import Data
from shared.errors import UserError
from shared.export.precision import NAMES
from shared.results import write_result
from src.baseline import baseline
from src.config import PROJECT, Config, export_path, tokenizer_path
from src.dataloader import load_data
from src.evaluate import evaluate
from src.export import export
from src.train import train

RUNGS = ("ngrams", "lstm", "transformer", "frozen", "lora", "full")
"""From the fastest to the slowest to train; each is a file in `configs/ladder`."""


def ladder(config: Config, rungs: str = ",".join(RUNGS)) -> dict[str, Any]:
    """Train, evaluate and export each kind of network on the same data; write outputs/ladder.json.

    Args:
        rungs: names separated by commas; the settings in a rung's file in configs/ladder win over flags
    """
    chosen = [name.strip() for name in rungs.split(",")]
    if unknown := [name for name in chosen if name not in RUNGS]:
        raise UserError(f"there is no rung {unknown[0]!r}; choose from {', '.join(RUNGS)}.")
    data = load_data(config)
    baselines = baseline(config, data=data)
    rows = {name: baseline_row(metrics) for name, metrics in baselines["metrics"].items()}
    for name in chosen:
        log.info(f"ladder: {name}, with what configs/ladder/{name}.yaml sets")
        rows[name] = climb(rung_config(config, name), data)
    table = [{"model": name} | row["test"] | row["cost"] for name, row in rows.items()]
    columns(f"{PROJECT.name} on {baselines['data']['source']}: scores on the test split", table)
    return write_result(
        config.output_dir,
        "ladder",
        seed=config.seed,
        data=baselines["data"],
        metrics=rows,
        seconds=sum(row["cost"]["training seconds"] for row in rows.values()),
    )


def rung_config(config: Config, name: str) -> Config:
    """The configuration with the settings of the rung's file, and a separate folder for its results."""
    file = PROJECT / "configs" / "ladder" / f"{name}.yaml"
    changed: Config = parse(Config, [], base=PROJECT, stored=to_plain(config, PROJECT), files=[file])[0]
    folder = config.output_dir / "ladder" / name
    return replace(changed, output_dir=folder, log_dir=folder / "tensorboard")


def climb(config: Config, data: Data) -> dict[str, Any]:
    """Train, evaluate and export one rung; the values that the table needs."""
    trained, evaluated = train(config, data=data), evaluate(config, data=data)
    exported = export(config, data=data)
    size = export_path(config).stat().st_size + tokenizer_path(config).stat().st_size
    metrics = exported["metrics"]
    milliseconds = 1000 / metrics[exported["precision"]]["per_second"]
    return _row(evaluated["metrics"], milliseconds, size, trained["seconds"]) | {
        "epochs": len(trained["history"]),
        "texts_per_second": {name: metrics[name]["per_second"] for name in NAMES if name in metrics},
        "tokens_per_second": tokens_per_second(trained),
        "precision": exported["precision"],
        **{key: trained[key] for key in ("best_epoch", "parameters", "padding_share", "first_weights", "config")},
    }


def tokens_per_second(trained: Mapping[str, Any]) -> float:
    """The tokens that a training run learned from in a second, from its train.json."""
    return float(trained["tokens_per_epoch"] * len(trained["history"]) / max(trained["seconds"], 0.01))


def baseline_row(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the table needs of a classical model."""
    return _row(metrics, metrics["milliseconds_a_text"], metrics["bytes"], metrics["fit_seconds"])


def _row(metrics: Mapping[str, Any], milliseconds: float, size: int, seconds: float) -> dict[str, Any]:
    shown = {"accuracy": "accuracy", "macro-F1": "macro_f1", "ECE": "calibration_error"}
    scores = {
        split: {title: metrics[split][score] for title, score in shown.items()} for split in ("validation", "test")
    }
    return scores | {"cost": {"ms a text": milliseconds, "MB": size / 1e6, "training seconds": seconds}}
