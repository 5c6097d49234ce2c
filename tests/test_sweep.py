"""A sweep finds the better settings, goes on after a stop as if there had been none, and survives bad trials."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from shared.errors import DivergedError, StoppedError, UserError
from shared.files import read_json
from shared.sweep import Plan, read_plan, run_sweep
from shared.training.settings import TrainingConfig

RANGES = {"training.learning_rate": FloatDistribution(1e-4, 1.0, log=True), "size": IntDistribution(1, 9)}
PLAN = Plan(6, RANGES)
NO_RANGES = ("{low: 1}", "{low: 3, high: 2}", "4", "{low: 1, high: .inf}", "{low: 1, high: many}")


@dataclass
class Config:
    seed: int = 0
    output_dir: Path = Path("outputs")
    log_dir: Path = Path("logs")
    size: int = 3
    training: TrainingConfig = field(default_factory=TrainingConfig)


def train(config: Config) -> dict[str, Any]:
    """Best at a learning rate of 0.01 and a large size; leaves a checkpoint."""
    (config.output_dir / "checkpoints").mkdir(parents=True)
    error = abs(config.training.learning_rate - 0.01) + 0.01 * (9 - config.size)
    metrics = {"validation": {"accuracy": 1 - error}}
    return {"metrics": metrics, "monitor": "accuracy", "seconds": 1.0, "data": {"source": "sample"}}


def sweep(
    folder: Path, train: Callable[[Config], dict[str, Any]] = train, plan: Plan = PLAN, storage: str = ""
) -> dict[str, Any]:
    config = Config(output_dir=folder / "outputs", log_dir=folder / "logs")
    return run_sweep(plan, config, folder, train, storage)


def assert_only_the_best_is_kept(folder: Path, result: dict[str, Any]) -> None:
    kept = [path.parent.name for path in (folder / "outputs" / "sweep").glob("trial-*/checkpoints")]
    assert kept == [f"trial-{result['trials'][0]['trial']:04d}"]


def test_it_keeps_the_best_settings_and_their_checkpoint(tmp_path: Path) -> None:
    result = sweep(tmp_path)
    scores = [row["accuracy"] for row in result["trials"]]
    assert len(scores) == 6
    assert scores == sorted(scores, reverse=True)
    best = yaml.safe_load((tmp_path / "outputs" / "sweep" / "best.yaml").read_text())
    assert best["training"]["learning_rate"] == result["trials"][0]["training.learning_rate"]
    assert_only_the_best_is_kept(tmp_path, result)
    assert (tmp_path / "outputs" / "sweep" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "outputs" / "sweep.json").is_file()


def test_a_stopped_sweep_goes_on_to_the_trials_it_would_have_tried(tmp_path: Path) -> None:
    calls = 0
    # While settings are drawn at random, and while they follow from earlier scores.
    stops: dict[int, type[BaseException]] = {3: KeyboardInterrupt, 7: UserError, 13: StoppedError}

    def stopped(config: Config) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls in stops:
            raise stops[calls]
        return train(config)

    plan = Plan(14, RANGES)
    for stop in stops.values():
        with pytest.raises(stop):
            sweep(tmp_path / "stopped", stopped, plan)
    settings = [
        sorted((row["training.learning_rate"], row["size"]) for row in result["trials"])
        for result in (sweep(tmp_path / "stopped", plan=plan), sweep(tmp_path / "whole", plan=plan))
    ]
    assert settings[0] == settings[1]


@pytest.mark.parametrize("how", ["the loss explodes", "the score is no number"])
def test_a_trial_that_diverges_is_counted_and_left_behind(how: str, tmp_path: Path) -> None:
    def diverges(config: Config) -> dict[str, Any]:
        result = train(config)
        if config.training.learning_rate > 0.01:
            if how == "the loss explodes":
                raise DivergedError("the training loss became nan")
            result["metrics"]["validation"]["accuracy"] = float("nan")
        return result

    result = sweep(tmp_path, diverges)
    assert result["failed"] + len(result["trials"]) == PLAN.trials
    assert result["failed"] > 0
    assert_only_the_best_is_kept(tmp_path, result)


WORKER = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_sweep
from shared import sweep
sweep.BEAT, sweep.GRACE = 0.5, 3.0
folder, doomed = Path(sys.argv[2]), sys.argv[4] == "doomed"

def train(config):
    if doomed:
        (folder / "killed").write_text(f"{config.training.learning_rate} {config.size}")
        os.kill(os.getpid(), 9)
    time.sleep(0.3)
    return test_sweep.train(config)

test_sweep.sweep(folder, train, storage=sys.argv[3])
"""


@pytest.mark.parametrize("storage", ["journal", "database"])
def test_three_processes_share_a_sweep_and_one_that_dies_costs_its_trial_alone(storage: str, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'sweep.db'}" if storage == "database" else ""
    arguments = [sys.executable, "-c", WORKER, str(Path(__file__).parent), str(tmp_path), address]
    workers = [subprocess.Popen([*arguments, how]) for how in ("well", "doomed", "well")]
    assert sorted(worker.wait(120) for worker in workers) == [-9, 0, 0]
    rows = read_json(tmp_path / "outputs" / "sweep.json", "")["trials"]
    killed = tuple((tmp_path / "killed").read_text().split())
    settings = [(str(row["training.learning_rate"]), str(row["size"])) for row in rows]
    assert len(rows) == len(set(settings)) == PLAN.trials
    assert killed in settings, "the trial of the killed process is tried again"
    assert_only_the_best_is_kept(tmp_path, {"trials": rows})


def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--storage sqlite:///.* cannot be used"):
        sweep(tmp_path, storage=f"sqlite:///{tmp_path}/nowhere/sweep.db")


def test_a_folder_with_another_sweep_is_refused(tmp_path: Path) -> None:
    sweep(tmp_path)
    with pytest.raises(UserError, match="holds a sweep of other settings; delete it, or choose another --output_dir"):
        sweep(tmp_path, plan=Plan(6, {"size": IntDistribution(1, 3)}))


def test_a_sweep_that_never_got_anywhere_may_be_planned_anew(tmp_path: Path) -> None:
    def stopped(_: Config) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path, stopped, Plan(6, {"size": IntDistribution(50, 60)}))
    rows = sweep(tmp_path, plan=Plan(4, {"size": CategoricalDistribution([1, 2])}))["trials"]
    assert {row["size"] for row in rows} <= {1, 2}


def test_more_trials_can_be_added_later(tmp_path: Path) -> None:
    sweep(tmp_path)
    assert len(sweep(tmp_path, plan=Plan(8, RANGES))["trials"]) == 8


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("trials: 3", "must hold `trials: <number>` and `ranges:`"),
        ("trials: 3\nranges:\n  sise: {low: 1, high: 2}", "unknown key sise in .*; did you mean size?"),
        ("trials: none\nranges:\n  size: {low: 1, high: 2}", "trials is 'none', but must be 1 or more"),
        *((f"trials: 3\nranges:\n  size: {range_}", r"size needs \{low: 1, high: 2\}") for range_ in NO_RANGES),
    ],
)
def test_a_plan_that_is_none_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(UserError, match=complaint):
        read_plan(tmp_path / "plan.yaml", Config())


def test_bounds_may_be_written_as_yaml_takes_for_text_or_whole_numbers(tmp_path: Path) -> None:
    lines = ("trials: 4", "ranges:", "  training.learning_rate: {low: 1e-5, high: 1e-2, log: true}")
    (tmp_path / "plan.yaml").write_text(
        "\n".join([*lines, "  training.weight_decay: {low: 0, high: 1}", "  size: {low: 1e0, high: 9}"])
    )
    rows = sweep(tmp_path, plan=read_plan(tmp_path / "plan.yaml", Config()))["trials"]
    assert all(1e-5 <= row["training.learning_rate"] <= 1e-2 for row in rows)
    assert len({row["training.weight_decay"] for row in rows} - {0, 1}) == 4, "fractions are tried too"
