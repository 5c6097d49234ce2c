"""A run that is stopped anywhere and taken up again ends with the very bytes of one that was not."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from shared.training.checkpoint import load_checkpoint

SCRIPT = Path(__file__).with_name("resumable.py")
STEPS = 30  # 3 epochs of 10

Settings = dict[str, object]
PLAIN: Settings = {"save_every": 3, "keep_every": 1, "keep_most": 2}
EVERYTHING: Settings = {
    "save_every": 4,
    "ema_decay": 0.9,
    "accumulate": 2,
    "clip_norm": 0.5,
    "schedule": "cosine",
    "patience": 2,
    "precision": "fp16",
    "workers": 2,
}


def process(folder: Path, settings: Settings, **environment: object) -> subprocess.CompletedProcess[str]:
    variables = {name: str(value) for name, value in environment.items()}
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=os.environ | {"SETTINGS": json.dumps(settings), "PYTHONPATH": str(SCRIPT.parents[1])} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def unstopped_plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    assert process(folder, PLAIN).returncode == 0
    return folder


@pytest.fixture(scope="module")
def unstopped_everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everything")
    assert process(folder, EVERYTHING).returncode == 0
    return folder


@pytest.fixture(params=[pytest.param("plain", marks=pytest.mark.long), "everything"])
def unstopped(request: pytest.FixtureRequest) -> tuple[Path, Settings]:
    """The outputs of a run that nothing has stopped, and its settings."""
    settings = PLAIN if request.param == "plain" else EVERYTHING
    return request.getfixturevalue(f"unstopped_{request.param}"), settings


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain run, stopped in its third epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    assert process(folder, PLAIN, KILL_AT=25, SIGNAL="SIGTERM").returncode == 130
    return folder


@pytest.fixture
def stopped(stopped_once: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(stopped_once, tmp_path / "stopped"))


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    run = max((folder / "tensorboard").iterdir())  # one killed before its first save began anew, with another log
    events = EventAccumulator(str(run))
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def assert_same(found: Path, expected: Path) -> None:
    """Bit for bit the same weights, state, log and curves, but for the clock."""
    assert (found / "metrics.jsonl").read_bytes() == (expected / "metrics.jsonl").read_bytes()
    best = [(folder / "checkpoints" / "best.safetensors").read_bytes() for folder in (found, expected)]
    assert best[0] == best[1]
    last = [load_checkpoint(folder / "checkpoints" / "last.safetensors") for folder in (found, expected)]
    assert last[0].tensors.keys() == last[1].tensors.keys()
    assert all(torch.equal(last[0].tensors[name], last[1].tensors[name]) for name in last[0].tensors)
    states = [without_clock(checkpoint.about["state"]) for checkpoint in last]
    assert states[0] == states[1]
    assert curves(found) == curves(expected)


def without_clock(plain: object) -> object:
    """The plain state without seconds and the log's name, which is a time."""
    if isinstance(plain, dict):
        return {key: without_clock(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [without_clock(value) for value in plain if not (isinstance(value, list) and is_clock(value))]
    return plain


def is_clock(pair: list[object]) -> bool:
    return len(pair) == 2 and pair[0] in ("seconds", "log_name")


def kill_again_and_again(folder: Path, settings: Settings, kills: int, seed: int) -> None:
    """Kill the run at random steps; each time it goes on from what it saved, at worst from the start."""
    numbers = random.Random(seed)
    for _ in range(kills):
        resume = "yes" if (folder / "checkpoints" / "last.safetensors").exists() else ""
        done = process(folder, settings, KILL_AT=numbers.randint(2, STEPS // 2), RESUME=resume)
        if done.returncode == 0:
            return
        assert done.returncode == -signal.SIGKILL, done.stderr
    resume = "yes" if (folder / "checkpoints" / "last.safetensors").exists() else ""
    done = process(folder, settings, RESUME=resume)
    assert done.returncode == 0, done.stderr


def test_sigkill_at_random_steps_changes_nothing(unstopped: tuple[Path, Settings], tmp_path: Path) -> None:
    expected, settings = unstopped
    kill_again_and_again(tmp_path, settings, kills=2, seed=0)
    assert_same(tmp_path, expected)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_sigkill_many_times_changes_nothing(unstopped: tuple[Path, Settings], seed: int, tmp_path: Path) -> None:
    expected, settings = unstopped
    kill_again_and_again(tmp_path, settings, kills=4, seed=seed)
    assert_same(tmp_path, expected)


@pytest.mark.parametrize("name", [pytest.param("SIGINT", marks=pytest.mark.long), "SIGTERM"])
def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(
    name: str, unstopped_plain: Path, tmp_path: Path
) -> None:
    done = process(tmp_path, PLAIN, KILL_AT=14, SIGNAL=name)
    assert done.returncode == 130
    assert f"{name}: stopped in epoch 2 after step 14, and saved; the same command with --resume goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert process(tmp_path, PLAIN, RESUME="yes").returncode == 0
    assert_same(tmp_path, unstopped_plain)


def test_another_configuration_is_refused_by_name(stopped: Path) -> None:
    done = process(stopped, PLAIN | {"learning_rate": 0.5}, RESUME="yes")
    assert done.returncode == 2
    assert "is of another run: config.training.learning_rate is 0.001 there and 0.5 here" in done.stderr


def test_a_damaged_state_is_refused_and_the_last_good_one_is_offered(stopped: Path, unstopped_plain: Path) -> None:
    checkpoints = stopped / "checkpoints"
    content = bytearray((checkpoints / "last.safetensors").read_bytes())
    content[-10] ^= 1
    (checkpoints / "last.safetensors").write_bytes(content)
    (checkpoints / "epoch-0002.safetensors").write_bytes(b"cut short")
    done = process(stopped, PLAIN, RESUME="yes")
    assert done.returncode == 2
    good = checkpoints / "epoch-0001.safetensors"
    assert "last.safetensors is damaged" in done.stderr
    assert f"go on from it with --resume --checkpoint {good}" in done.stderr
    assert process(stopped, PLAIN, RESUME="yes", CHECKPOINT=good).returncode == 0
    assert_same(stopped, unstopped_plain)


def test_a_full_disk_is_one_sentence_and_the_last_good_state_stays(stopped: Path) -> None:
    before = {path.name: path.read_bytes() for path in (stopped / "checkpoints").iterdir()}
    done = process(stopped, PLAIN, RESUME="yes", FILE_LIMIT=4000)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "last.safetensors: File too large; make room" in done.stderr
    assert {path.name: path.read_bytes() for path in (stopped / "checkpoints").iterdir()} == before


def test_only_the_newest_of_the_states_kept_for_long_stay(unstopped_plain: Path, unstopped_everything: Path) -> None:
    kept = sorted(path.name for path in (unstopped_plain / "checkpoints").glob("epoch-*"))
    assert kept == ["epoch-0002.safetensors", "epoch-0003.safetensors"]
    assert not list((unstopped_everything / "checkpoints").glob("epoch-*"))


def test_weights_without_a_state_are_refused(stopped: Path) -> None:
    done = process(stopped, PLAIN, RESUME="yes", CHECKPOINT=stopped / "checkpoints" / "best.safetensors")
    assert done.returncode == 2
    assert "holds weights but no state to go on from" in done.stderr
