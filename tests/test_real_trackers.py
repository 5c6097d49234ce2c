"""The trackers themselves, with a project of this repository, in an environment beside it (`make trackers`)."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from commands import REPOSITORY

from shared.files import read_json

ENVIRONMENT = REPOSITORY / ".venv-trackers" / "bin"
PROJECT = REPOSITORY / "projects" / "mnist_classifier"
installed = pytest.mark.skipif(not ENVIRONMENT.is_dir(), reason="needs `make trackers`")


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
    places = f"--backend-store-uri sqlite:///{folder / 'mlflow.db'} --artifacts-destination {folder / 'files'}"
    options = f"server {places} --host 127.0.0.1 --port {port} --workers 1".split()
    command = [str(ENVIRONMENT / "mlflow"), *options]
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
