"""Search for good settings by many short training runs: sweep(config) -> the best of them."""

from pathlib import Path
from typing import Any

from shared.sweep import read_plan, run_sweep
from src.config import PROJECT, Config
from src.train import train


def sweep(config: Config, plan: Path = PROJECT / "configs" / "sweep.yaml") -> dict[str, Any]:
    """Train with settings that Optuna chooses, compare on validation; the same command goes on after a stop.

    Args:
        plan: a YAML file: how many trials, and the range of each setting
    """
    return run_sweep(read_plan(plan, config), config, PROJECT, train)
