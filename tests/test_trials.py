"""Short trials find what they are for: a network that cannot learn, a good learning rate, where the time goes."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from resumable import clouds, plain_step
from torch import nn

from shared.data.memory import TensorBatches, ordered_loader, shuffled_loader
from shared.metrics.classification import training_metrics
from shared.seeding import seed_everything
from shared.training.loop import Task
from shared.training.settings import TrainingConfig, Trial
from shared.training.trials import HIGHEST_RATE, LOWEST_RATE, TrialContext, run_trial, suggest_rate

CONFIG = TrainingConfig(batch_size=32, learning_rate=0.02, device="cpu")


def setting(folder: Path, config: TrainingConfig = CONFIG) -> TrialContext:
    seed_everything(0)
    data = TensorBatches(clouds(1))
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    loaders = shuffled_loader(data, config.batch_size), ordered_loader(data)
    return TrialContext(Task(plain_step, training_metrics(2), "accuracy"), model, *loaders, config, folder)


def run(trial: Trial, context: TrialContext) -> dict[str, Any]:
    """What the trial found, as its file has it."""
    metrics: dict[str, Any] = run_trial(trial, context, 0, {})["metrics"]
    assert json.loads((context.output_dir / f"trial-{trial}.json").read_text())["metrics"] == metrics
    return metrics


def test_one_batch_goes_through_every_part(tmp_path: Path) -> None:
    found = run("one_batch", setting(tmp_path))
    assert found["shapes"] == {"points": [32, 2], "labels": [32]}
    assert set(found["validation"]) == {"loss", "accuracy", "macro_f1"}


@pytest.mark.parametrize(("rate", "learned"), [(0.02, True), (1e-9, False)])
def test_overfitting_tells_whether_one_batch_can_be_learned(rate: float, learned: bool, tmp_path: Path) -> None:
    found = run("overfit", setting(tmp_path, replace(CONFIG, learning_rate=rate)))
    assert found["learned"] is learned
    assert not list(tmp_path.rglob("*.safetensors")), "a trial leaves no checkpoint"


def test_the_suggested_rate_learns_and_is_drawn(tmp_path: Path) -> None:
    found = run("lr_find", setting(tmp_path))
    assert LOWEST_RATE < found["suggested"] < HIGHEST_RATE
    config = replace(CONFIG, learning_rate=found["suggested"])
    assert run("overfit", setting(tmp_path, config))["learned"]
    assert (tmp_path / "trial-lr_find.png").read_bytes().startswith(b"\x89PNG")


def test_the_rate_stays_well_below_where_the_loss_explodes() -> None:
    assert suggest_rate([0.01, 0.1, 1.0, 10.0], [2.0, 1.0, 1.5, math.nan]) == pytest.approx(0.01)


def test_the_profile_is_a_trace_of_training_steps(tmp_path: Path) -> None:
    found = run("profile", setting(tmp_path))
    trace = json.loads((tmp_path / found["trace"]).read_text())
    assert any("AdamW" in event.get("name", "") for event in trace["traceEvents"])
    assert found["cpu_milliseconds_a_step"]
