"""Measure the audio project on real speech: FSDD by leaving one speaker out, Speech Commands by speaker, and its speed.

The settings were chosen on validation speakers. A split that is there already is measured again only if it is named:
python tools/bench_audio.py --data path/to/audio fsdd
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "audio_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import torch
from result_files import read_results, run

from shared.files import write_json
from shared.results import versions
from src.baseline import baseline
from src.config import Config, load_config
from src.dataloader import load_data
from src.evaluate import evaluate
from src.export import export
from src.train import train

RESULT = REPOSITORY / "tools" / "results" / "audio.json"
SPEAKERS = ("george", "jackson", "nicolas", "theo")
COMMANDS = "speech_commands_v2_test_part"


def settings(file: str, root: Path, folder: Path, *more: str) -> Config:
    """The default configuration with that file over it, as `--config` lays it, on this data, writing below a folder."""
    configs = REPOSITORY / "projects" / "audio_classification" / "configs"
    overrides = ["--config", str(configs / file), "--data.root", str(root)]
    overrides += ["--output_dir", str(folder), "--log_dir", str(folder / "logs"), *more]
    return load_config(configs / "config.yaml", *overrides)


def measured(config: Config) -> dict[str, Any]:
    """Train, evaluate and compare once."""
    trained = train(config)
    evaluated, baselines = evaluate(config), baseline(config)
    test = evaluated["metrics"]["test"]
    clips = trained["steps"] * trained["batch_size"]
    return {
        "counts": trained["data"]["counts"],
        "speakers": trained["data"]["speakers"],
        "accuracy": test["accuracy"],
        "interval": test["accuracy_interval"],
        "validation": evaluated["metrics"]["validation"]["accuracy"],
        "baselines": {name: row["test"]["accuracy"] for name, row in baselines["metrics"].items()},
        "training_seconds": trained["seconds"],
        "training_times_real_time": round(clips * config.data.seconds / trained["seconds"], 1),
        "epochs": config.training.epochs,
        "seed": config.seed,
        "model": config.model.name,
        "parameters": trained["parameters"],
    }


def fsdd(data: Path) -> dict[str, Any]:
    """Each of the four speakers is the test split once."""
    folds = {}
    for speaker in SPEAKERS:
        with tempfile.TemporaryDirectory() as folder:
            config = settings("fsdd.yaml", data / "fsdd", Path(folder), "--data.test_groups", f"[{speaker}]")
            folds[speaker] = measured(config)
    names = folds[SPEAKERS[0]]["baselines"]
    mean = sum(fold["accuracy"] for fold in folds.values()) / len(folds)
    return {
        "folds": folds,
        "mean": mean,
        "baselines": {name: sum(fold["baselines"][name] for fold in folds.values()) / len(folds) for name in names},
    }


def commands(data: Path) -> dict[str, Any]:
    """A part of Speech Commands' test set, cut by speaker: few clips, so the interval is wide."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(settings("speech_commands.yaml", data / COMMANDS, Path(folder)))


def speed(data: Path) -> dict[str, Any]:
    """How many seconds of sound the exported network answers in a second, one clip at a time."""
    with tempfile.TemporaryDirectory() as folder:
        config = settings("fsdd.yaml", data / "fsdd", Path(folder), "--training.epochs", "1")
        train(config)
        exported = export(config)["metrics"]
        rates = {name: row["per_second"] for name, row in exported.items() if isinstance(row, dict)}
        started = time.perf_counter()
        load_data(config)
        return {
            "seconds_a_clip": config.data.seconds,
            "times_real_time": {name: round(rate * config.data.seconds, 1) for name, rate in rates.items()},
            "loading_seconds": round(time.perf_counter() - started, 1),
            "largest_difference": exported["largest_difference"],
        }


PARTS = {"fsdd": fsdd, "commands": commands, "speed": speed}


def main() -> None:
    """Measure the named splits, or those that the result file lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help=f"the folder of fsdd/ and {COMMANDS}/")
    parser.add_argument("splits", nargs="*", help=f"of {', '.join(PARTS)}; those not measured yet if none is given")
    arguments = parser.parse_args()
    results = read_results(RESULT)
    for name in arguments.parts or [name for name in PARTS if name not in results]:
        results[name] = PARTS[name](arguments.data) | {"threads": torch.get_num_threads(), "versions": versions()}
        write_json(RESULT, dict(sorted(results.items())))


if __name__ == "__main__":
    run(main)
