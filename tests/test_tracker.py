"""A tracker gets the settings, curves and scores of a run; one that is down costs the training a warning at most."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from accelerate import tracking
from resumable import clouds, plain_step
from torch import nn

from shared.data.memory import TensorBatches, ordered_loader, shuffled_loader
from shared.errors import UserError
from shared.files import read_json, write_json
from shared.metrics.classification import training_metrics
from shared.seeding import seed_everything
from shared.training import tracker
from shared.training.files import best_checkpoint, last_checkpoint
from shared.training.loop import Task, fit
from shared.training.settings import TrainingConfig
from shared.training.tracker import require_tracker, send_results, start_tracker

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".venv-trackers" / "bin"
PROJECT = Path(__file__).resolve().parents[1] / "projects" / "mnist_classifier"
installed = pytest.mark.skipif(not ENVIRONMENT.is_dir(), reason="needs `make trackers`")


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
    seed_everything(0)
    settings = TrainingConfig(epochs=epochs, schedule="constant", device="cpu", tracker=name, log_every=4)
    config = SimpleNamespace(training=settings, output_dir=folder, log_dir=folder / "logs", NOT_TRAINED=("serve",))
    loaders = shuffled_loader(TensorBatches(clouds(1)), 32), ordered_loader(TensorBatches(clouds(2)), 100)
    task, state = Task(plain_step, training_metrics(2), "accuracy"), last_checkpoint(folder) if resume else None
    done = fit(
        task,
        nn.Linear(2, 2),
        *loaders,
        settings,
        folder,
        config.log_dir,
        RECORD,
        state,
        lambda progress: start_tracker(config, Path("project"), RECORD, progress),
    )
    return done.progress.tracker


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


def run(verb: str, folder: Path, *flags: str, **variables: object) -> str:
    """A verb of a project in the environment that has the trackers."""
    folders = ["--output_dir", str(folder / "outputs"), "--log_dir", str(folder / "logs")]
    command = [str(ENVIRONMENT / "python"), str(PROJECT / "main.py"), verb, *folders, *flags]
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def smoke(name: str, epochs: int) -> list[str]:
    flags = ["--config", str(PROJECT / "configs" / "smoke.yaml"), "--training.log_every", "10"]
    return [*flags, "--training.tracker", name, "--training.epochs", str(epochs)]


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """MLflow's own server on a free port of this machine, with SQLite."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    store = [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    command = [
        str(ENVIRONMENT / "mlflow"),
        "server",
        *store,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(240):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.long
@installed
def test_mlflow_holds_settings_curves_files_and_the_exported_network_of_one_run(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as address:
        run("train", tmp_path, *smoke("mlflow", 2), MLFLOW_TRACKING_URI=address)
        run("train", tmp_path, "--resume", *smoke("mlflow", 3), MLFLOW_TRACKING_URI=address)
        for verb in ("evaluate", "export"):
            run(verb, tmp_path, MLFLOW_TRACKING_URI=address)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        ((identity, status),) = database.execute("SELECT run_uuid, status FROM runs")
        settings = dict(database.execute("SELECT key, value FROM params"))
        points = database.execute("SELECT key, step, value FROM metrics").fetchall()
        versions = database.execute("SELECT name, version, run_id FROM model_versions").fetchall()
    trained, evaluated = (read_json(tmp_path / "outputs" / f"{verb}.json", "") for verb in ("train", "evaluate"))
    assert (trained["tracker"]["run"], status) == (identity, "FINISHED")
    assert settings["training.batch_size"] == "64"
    assert settings["data_digest"] == trained["data"]["digest"]
    curve = [(step, value) for key, step, value in points if key == "train/loss"]
    assert curve == [(row["step"], row["train/loss"]) for row in trained["history"]]
    assert ("test/accuracy", trained["steps"], evaluated["metrics"]["test"]["accuracy"]) in points
    assert versions == [("mnist_classifier", 1, identity)]
    files = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert files >= {"train.json", "evaluate.json", "export.json", "model.onnx"}


@pytest.mark.long
@installed
def test_without_mlflows_server_the_weights_are_the_same(tmp_path: Path) -> None:
    said = run("train", tmp_path, *smoke("mlflow", 2), MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert said.count("WARNING") == 1
    assert "mlflow gets no more of this run" in said


@pytest.mark.long
@installed
def test_wandb_and_trackio_go_on_in_one_run_without_a_network(tmp_path: Path) -> None:
    for name in ("wandb", "trackio"):
        folder = tmp_path / name
        folder.mkdir()
        variables = {"WANDB_MODE": "offline", "TRACKIO_DIR": folder / "trackio"}
        run("train", folder, *smoke(name, 1), **variables)
        run("train", folder, "--resume", *smoke(name, 2), **variables)
        identity = read_json(folder / "outputs" / "train.json", "")["tracker"]["run"]
        if name == "wandb":
            runs = list((folder / "logs" / "wandb").glob("offline-run-*"))
            assert [path.name.endswith(f"-{identity}") for path in runs] == [True, True]
            assert all(path.stat().st_size for path in (folder / "logs").rglob("*.wandb"))
            continue
        with closing(sqlite3.connect(folder / "trackio" / "mnist_classifier.db")) as database:
            rows = database.execute("SELECT run_name, step, metrics FROM metrics").fetchall()
            ((content,),) = database.execute("SELECT config FROM configs")
        assert {row[0] for row in rows} == {identity}
        assert sum(b"validation/accuracy" in row[2] for row in rows) == 2
        assert json.loads(content)["training.batch_size"] == 64
