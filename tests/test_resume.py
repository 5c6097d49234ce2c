"""A run that is stopped anywhere and taken up again ends with the very bytes of one that was not."""

import random
import shutil
import signal
from pathlib import Path

import pytest
from training_runs import EVERYTHING, PLAIN, Settings, assert_same, train_in_a_process

from shared.training.files import epoch_checkpoints, last_checkpoint

STEPS = 30  # 3 epochs of 10
KINDS = {"plain": PLAIN, "everything": EVERYTHING}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of three runs: two that nothing has stopped, and a plain one that was stopped in its third epoch."""
    folder = tmp_path_factory.mktemp("runs")
    for kind, settings in KINDS.items():
        assert train_in_a_process(folder / kind, settings).returncode == 0
    assert train_in_a_process(folder / "stopped", PLAIN, KILL_AT=25, SIGNAL="SIGTERM").returncode == 130
    return folder


@pytest.fixture
def stopped(folder: Path, tmp_path: Path) -> Path:
    """A copy of the stopped run, to be spoilt."""
    return Path(shutil.copytree(folder / "stopped", tmp_path / "stopped"))


def kill_again_and_again(folder: Path, settings: Settings, kills: int, seed: int) -> None:
    """Kill the run at random steps; each time it goes on from what it saved, at worst from the start."""
    numbers = random.Random(seed)
    for kill_at in [numbers.randint(2, STEPS // 2) for _ in range(kills)] + [0]:  # 0: no kill
        resume = "yes" if last_checkpoint(folder).exists() else ""
        done = train_in_a_process(folder, settings, KILL_AT=kill_at, RESUME=resume)
        if done.returncode == 0:
            return
        assert kill_at, done.stderr
        assert done.returncode == -signal.SIGKILL, done.stderr


MANY = [pytest.param(4, seed, marks=pytest.mark.long) for seed in range(1, 9)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("kills", "seed"), [(2, 0), *MANY])
def test_sigkill_at_random_steps_changes_nothing(
    kind: str, kills: int, seed: int, folder: Path, tmp_path: Path
) -> None:
    kill_again_and_again(tmp_path, KINDS[kind], kills, seed)
    assert_same(tmp_path, folder / kind)
    kept = {"plain": ["epoch-0002", "epoch-0003"], "everything": []}  # the newest alone
    assert [path.stem for path in epoch_checkpoints(tmp_path)] == kept[kind]


@pytest.mark.parametrize(("name", "at"), [("SIGINT", 14), ("SIGTERM", 20)])
def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(
    name: str, at: int, folder: Path, tmp_path: Path
) -> None:
    """Step 20 is the last of its epoch, which is then validated after the stop."""
    done = train_in_a_process(tmp_path, PLAIN, KILL_AT=at, SIGNAL=name)
    assert done.returncode == 130
    assert f"{name}: stopped in epoch 2 after step {at}, " in done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert train_in_a_process(tmp_path, PLAIN, RESUME="yes").returncode == 0
    assert_same(tmp_path, folder / "plain")


def test_a_damaged_state_is_refused_and_the_last_good_one_is_offered(stopped: Path, folder: Path) -> None:
    checkpoints = stopped / "checkpoints"
    content = bytearray((checkpoints / "last.safetensors").read_bytes())
    content[-10] ^= 1
    (checkpoints / "last.safetensors").write_bytes(content)
    (checkpoints / "epoch-0002.safetensors").write_bytes(b"cut short")
    done = train_in_a_process(stopped, PLAIN, RESUME="yes")
    assert done.returncode == 2
    good = checkpoints / "epoch-0001.safetensors"
    assert "last.safetensors is damaged" in done.stderr
    assert f"resume from it with --resume --checkpoint {good}" in done.stderr
    assert train_in_a_process(stopped, PLAIN, RESUME="yes", CHECKPOINT=good).returncode == 0
    assert_same(stopped, folder / "plain")


def test_a_full_disk_is_one_sentence_and_the_last_good_state_stays(stopped: Path) -> None:
    before = {path.name: path.read_bytes() for path in (stopped / "checkpoints").iterdir()}
    done = train_in_a_process(stopped, PLAIN, RESUME="yes", FILE_LIMIT=4000)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "last.safetensors: File too large; make room" in done.stderr
    assert {path.name: path.read_bytes() for path in (stopped / "checkpoints").iterdir()} == before


def test_another_configuration_and_weights_without_a_state_are_refused(stopped: Path) -> None:
    done = train_in_a_process(stopped, PLAIN | {"learning_rate": 0.5}, RESUME="yes")
    assert done.returncode == 2
    assert "is of another run: config.training.learning_rate is 0.001 there and 0.5 here" in done.stderr
    done = train_in_a_process(stopped, PLAIN, RESUME="yes", CHECKPOINT=stopped / "checkpoints" / "best.safetensors")
    assert done.returncode == 2
    assert "holds weights but no state to resume from" in done.stderr
