"""Measure the ladder of the text project on one data set, rung by rung; what is there already is not run again.

Every rung is a whole run as a user starts it: train, evaluate, export. The test split is measured once, at the end.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "projects" / "text_classification"), str(REPOSITORY)]

import shared  # noqa: F401 - before torch, as in main.py: it says how long its threads wait awake

# isort: split
import torch
from result_files import read_results, run, save_result

from shared.errors import UserError
from shared.results import versions
from src.baseline import baseline
from src.config import PROJECT, Config, load_config
from src.dataloader import load_data
from src.evaluate import evaluate
from src.ladder import RUNGS, baseline_row, climb, rung_config
from src.train import train

RESULT = REPOSITORY / "tools" / "results" / "text.json"


def add_rungs(name: str, config: Config, rungs: list[str], more_seeds: list[int]) -> None:
    """Run the rungs that the result file lacks, and keep each as soon as it is done."""
    data = load_data(config)
    record = data.as_dict()
    found: dict[str, Any] = read_results(RESULT).get(name) or {
        "data": record,
        "models": {},
        "seed": config.seed,
        "versions": versions(),
    }
    if (found["data"]["digest"], found["seed"]) != (record["digest"], config.seed):
        raise UserError(f"{name} in {RESULT} is of other texts or of seed {found['seed']}; choose another name.")
    threads = {"threads": torch.get_num_threads()}
    if not any("naive" in model for model in found["models"]):
        measured = baseline(config, data=data)["metrics"]
        found["models"] |= {model: baseline_row(row) | threads for model, row in measured.items()}
        save_result(RESULT, name, found)
    for rung in rungs:
        if rung not in found["models"]:
            settings = rung_config(config, rung)
            row = climb(settings, data) | threads
            row["config"] = chosen(row["config"])
            if more_seeds:
                others = {str(seed): accuracy(replace(settings, seed=seed)) for seed in more_seeds}
                row["accuracy_by_seed"] = {str(config.seed): row["test"]["accuracy"]} | others
            found["models"][rung] = row
            save_result(RESULT, name, found)


def accuracy(config: Config) -> float:
    """Of another training run, on the test split."""
    train(config)
    return float(evaluate(config)["metrics"]["test"]["accuracy"])


def chosen(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that a score depends on: not where this machine keeps things."""
    return {name: settings[name] for name in ("tokenizer", "model", "training")}


def main() -> None:
    """Run the ladder on one data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="what the data set is called in the result file: sample, sst2, trec, sms_spam")
    parser.add_argument("--data", type=Path, help="its CSV file or folder; the built-in sample where not given")
    parser.add_argument("--rungs", default=",".join(RUNGS), help="which rungs, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--more_seeds", type=int, nargs="*", default=[], help="train with these too, for the spread")
    parser.add_argument("--max_tokens", type=int, default=128)
    arguments = parser.parse_args()
    overrides = ["--data.source", "csv", "--data.root", str(arguments.data.absolute())] if arguments.data else []
    overrides = overrides or ["--data.source", "sample"]
    overrides += ["--seed", str(arguments.seed), "--tokenizer.max_tokens", str(arguments.max_tokens)]
    config = load_config(PROJECT / "configs" / "config.yaml", *overrides)
    with tempfile.TemporaryDirectory() as folder:
        config = replace(config, output_dir=Path(folder), log_dir=Path(folder))
        add_rungs(arguments.name, config, arguments.rungs.split(","), arguments.more_seeds)


if __name__ == "__main__":
    run(main)
