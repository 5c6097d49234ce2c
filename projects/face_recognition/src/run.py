"""The whole job, from data to report, with a network trained from scratch beside weights that come trained."""

from dataclasses import replace
from typing import Any

from shared import verbs
from shared.console import log
from src import dataloader
from src.config import Config
from src.evaluate import evaluate
from src.train import train


def run(config: Config) -> dict[str, Any]:
    """Train, evaluate, compare with the baselines, export and report; then print a summary.

    An embedder that comes trained learns nothing; `small` is then trained from scratch beside it, in outputs/small, to
    compare with.
    """
    return verbs.run(config, beside=train_small)


def train_small(config: Config, results: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Train and measure `small` on the same split where the embedder has learned nothing; gives a row for the table."""
    if results["train"]["trained_on_data"]:
        return {}
    log.info("run: a small network is trained from scratch beside it, to compare with")
    dirs = {"output_dir": config.output_dir / "small", "log_dir": config.log_dir / "small"}
    small = replace(config, model=replace(config.model, name="small"), **dirs)
    data = dataloader.load_data(small)  # its crops have another size
    train(small, data=data)
    test = evaluate(small, data=data)["metrics"]["test"]
    return {"small, trained here": f"{test['accuracy']:.4f} on the test pairs"}
