"""A tracker gets the settings, curves and scores of a run; one that is down costs the training a warning at most."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from accelerate import tracking
from resumable import train_here
from torch import nn

from shared.errors import UserError
from shared.files import write_json
from shared.training import tracker
from shared.training.files import best_checkpoint
from shared.training.settings import TrainingConfig
from shared.training.state import Progress
from shared.training.tracker import require_tracker, send_results, start_tracker

RECORD: dict[str, Any] = {
    "config": {"training": {"learning_rate": 0.001}, "serve": {"port": 1}},
    "data": {"source": "sample", "digest": "d"},
    "parameters": 6,
}


class Recorder:
    """Accelerate's tracker for a service that only notes what it is sent."""

    sent: list[tuple[str, Any]] = []  # noqa: RUF012 - the test reads it
    fails: Callable[[str], None] = staticmethod(lambda _: None)

    def __init__(self, project: str, **options: Any) -> None:
        self.project, self.options = project, options
        self.run = SimpleNamespace(name=options["name"])

    def start(self) -> None:
        self.note("start", (self.project, self.options.get("resume"), self.run.name))

    def store_init_configuration(self, settings: dict[str, Any]) -> None:
        self.note("settings", settings)

    def log(self, values: dict[str, float], step: int) -> None:
        self.note("log", (step, values))

    def finish(self) -> None:
        self.note("finish", None)

    def note(self, call: str, content: Any) -> None:
        Recorder.fails(call)
        Recorder.sent.append((call, content))


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "trackio", Recorder)
    monkeypatch.setattr(Recorder, "sent", [])
    monkeypatch.setattr(Recorder, "fails", staticmethod(lambda _: None))


def train(folder: Path, name: str = "trackio", epochs: int = 2, resume: bool = False) -> dict[str, str]:
    settings = TrainingConfig(
        epochs=epochs, batch_size=32, schedule="constant", device="cpu", tracker=name, log_every=4
    )
    config = SimpleNamespace(training=settings, output_dir=folder, log_dir=folder / "logs", NOT_TRAINED=("serve",))

    def tracker_of(progress: Progress) -> Any:
        return start_tracker(config, Path("project"), RECORD, progress)

    make = partial(nn.Linear, 2, 2)
    return train_here(folder, make, settings, RECORD, resume=resume, make_tracker=tracker_of).tracker


def test_a_tracker_gets_the_settings_and_every_curve_and_goes_on_in_the_same_run(tmp_path: Path) -> None:
    run = train(tmp_path)
    train(tmp_path, epochs=3, resume=True)
    calls = [call for call, _ in Recorder.sent]
    assert calls == ["start", "settings", *6 * ["log"], "finish", "start", "settings", *3 * ["log"], "finish"]
    settings = Recorder.sent[1][1]
    assert settings["training.learning_rate"] == 0.001
    assert "serve.port" not in settings
    steps = [(content[0], min(content[1])) for call, content in Recorder.sent if call == "log"]
    epoch = [(0, "step/grad_norm"), (4, "step/grad_norm"), (8, "train/loss")]
    assert steps == [(start + step, name) for start in (0, 8, 16) for step, name in epoch]
    starts = [content for call, content in Recorder.sent if call == "start"]
    assert starts == [("project", None, run["run"]), ("project", "allow", run["run"])]


@pytest.mark.parametrize("down", ["start", "log"])
def test_a_tracker_that_is_down_changes_nothing_but_one_warning(
    down: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(call: str) -> None:
        if call == down:
            raise ConnectionError("no answer")

    monkeypatch.setattr(Recorder, "fails", staticmethod(fails))
    train(tmp_path / "down")
    assert capsys.readouterr().err.count("trackio gets no more of this run (no answer)") == 1
    train(tmp_path / "none", "none")
    weights = [best_checkpoint(tmp_path / name).read_bytes() for name in ("down", "none")]
    assert weights[0] == weights[1]


def test_a_tracker_that_hangs_does_not_hold_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Recorder, "fails", staticmethod(lambda call: time.sleep(30 * (call == "log"))))
    monkeypatch.setattr(tracker, "LAST_WAIT", 0.2)
    started = time.monotonic()
    train(tmp_path)
    assert time.monotonic() - started < 10
    assert "trackio has not taken all of this run" in capsys.readouterr().err


def test_the_scores_of_the_trained_weights_are_added_to_the_run(tmp_path: Path) -> None:
    config = SimpleNamespace(output_dir=tmp_path, log_dir=tmp_path / "logs", NOT_TRAINED=())
    began = {"name": "trackio", "project": "project", "run": "a run"}
    write_json(tmp_path / "train.json", {"tracker": began, "checkpoint": "c", "steps": 16} | RECORD)
    scores = {"test": {"accuracy": 0.5, "per_class": {"a": {"recall": 1.0}}, "examples": 3}}
    for checkpoint in ("other weights", "c"):
        write_json(tmp_path / "evaluate.json", {"checkpoint": checkpoint, "metrics": scores})
        send_results(config, "evaluate")
    logged = [content for call, content in Recorder.sent if call == "log"]
    assert logged == [(16, {"test/accuracy": 0.5})]


def test_a_tracker_that_is_not_installed_is_refused_before_training() -> None:
    with pytest.raises(UserError, match="training.tracker is 'no_such', but must be .*`pip install no_such`"):
        require_tracker("no_such")
    require_tracker("none")
