"""What only a GPU can show: its own randomness, kernels and order of memory. Skipped where there is none."""

import json
import signal
import sys
from pathlib import Path

import pytest
import torch
from commands import PROJECTS, REPOSITORY, run
from training_runs import EVERYTHING, PLAIN, Settings, assert_same, train_in_a_process

from shared.training.files import last_checkpoint

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

ON_GPU: Settings = {"device": "auto"}
WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module", params=[PLAIN, EVERYTHING], ids=["plain", "everything"])
def unstopped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """The outputs of a run that nothing has stopped, and its settings."""
    folder, settings = tmp_path_factory.mktemp("unstopped"), request.param | ON_GPU
    done = train_in_a_process(folder, settings)
    assert done.returncode == 0, done.stderr
    return folder, settings


def test_two_runs_of_one_seed_end_with_the_same_bytes(unstopped: tuple[Path, Settings], tmp_path: Path) -> None:
    expected, settings = unstopped
    assert train_in_a_process(tmp_path, settings).returncode == 0
    assert_same(tmp_path, expected)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_ends_with_the_same_bytes(
    number: signal.Signals, unstopped: tuple[Path, Settings], tmp_path: Path
) -> None:
    expected, settings = unstopped
    train_in_a_process(tmp_path, settings, KILL_AT=17, SIGNAL=number.name)
    assert last_checkpoint(tmp_path).is_file()
    done = train_in_a_process(tmp_path, settings, RESUME="yes")
    assert done.returncode == 0, done.stderr
    assert_same(tmp_path, expected)


@pytest.mark.parametrize("first", ["the GPU", "the CPU"])
def test_a_run_goes_on_on_the_other_device(first: str, tmp_path: Path) -> None:
    settings = EVERYTHING | ON_GPU
    begin, end = (WITHOUT_GPU, {}) if first == "the CPU" else ({}, WITHOUT_GPU)
    train_in_a_process(tmp_path, settings, KILL_AT=17, SIGNAL="SIGKILL", **begin)
    done = train_in_a_process(tmp_path, settings, RESUME="yes", **end)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"precision": "fp16"}, {"compile": True}], ids=str)
def test_it_learns_in_every_precision(changes: Settings, tmp_path: Path) -> None:
    done = train_in_a_process(tmp_path, ON_GPU | {"epochs": 10, "learning_rate": 0.01} | changes)
    assert done.returncode == 0, done.stderr
    last = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["validation/accuracy"] > 0.85


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_what_a_gpu_has_trained_is_evaluated_without_one(project: Path, tmp_path: Path) -> None:
    assert json.loads((verb("train", project, tmp_path) / "train.json").read_text())["device"].startswith("cuda")
    assert (verb("evaluate", project, tmp_path, **WITHOUT_GPU) / "evaluate.json").is_file()


def verb(name: str, project: Path, folder: Path, **environment: str) -> Path:
    """Run it on a project's smallest configuration; gives the folder of its outputs."""
    folders = ["--output_dir", folder / "outputs", "--log_dir", folder / "logs"]
    command = [sys.executable, "main.py", name, "--config", "configs/smoke.yaml", *folders]
    run(*command, folder=project, PYTHONPATH=REPOSITORY, **environment)
    return folder / "outputs"
