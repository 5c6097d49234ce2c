"""Two processes train together as one would: the same batches, shared out, and the same scores."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from object_store import serving
from resumable import write_points
from training_runs import train_in_a_process

from shared.data.batches import OrderedBatches, Share, ShuffledBatches
from shared.data.pack import pack
from shared.training.checkpoint import load_checkpoint, state_to_resume
from shared.training.files import best_checkpoint, last_checkpoint
from shared.training.interrupt import StopRequest, should_stop

SCRIPT = Path(__file__).with_name("resumable.py")
# Without batch norm and dropout, which see or draw for each share alone, only rounding may differ.
SETTINGS: dict[str, object] = {"epochs": 3, "learning_rate": 0.01, "ema_decay": 0.9}
TOLERANCE = 1e-4


@pytest.mark.parametrize("kind", ["shuffled", "ordered"])
def test_shares_are_disjoint_and_complete(kind: str) -> None:
    def batches(share: Share) -> list[list[int]]:
        sampler = ShuffledBatches(21, 6, seed=0) if kind == "shuffled" else OrderedBatches(21, 6)
        sampler.share = share
        return list(sampler)

    whole = [index for batch in batches(Share()) for index in batch]
    shared = [index for process in range(3) for batch in batches(Share(process, 3)) for index in batch]
    assert sorted(whole) == sorted(shared)


def environment(settings: dict[str, object], **more: object) -> dict[str, str]:
    fixed = {"PYTHONPATH": str(SCRIPT.parents[1]), "SMOOTH": "yes", "OMP_NUM_THREADS": "1"}
    # Without it a restarted worker can find the addresses of the dead ones (pytorch/pytorch issue 135712).
    fixed |= {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "SETTINGS": json.dumps(settings)}
    return os.environ | fixed | {name: str(value) for name, value in more.items()}


def train(
    folder: Path,
    processes: int,
    settings: dict[str, object] = SETTINGS,
    launch: tuple[str, ...] = ("--standalone",),
    **more: object,
) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", *launch, "--nproc-per-node", str(processes)]
    return subprocess.run(
        [sys.executable, *launcher, str(SCRIPT), str(folder)],
        env=environment(settings, **more),
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    done = train(folder, processes=2)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch   1/3") == 1
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    assert train_in_a_process(folder, SETTINGS, SMOOTH="yes").returncode == 0
    return folder


def assert_same_records(found: Path, expected: Path) -> None:
    lines = [(folder / "metrics.jsonl").read_text().splitlines() for folder in (found, expected)]
    for mine, other in zip(*lines, strict=True):
        assert json.loads(mine) == pytest.approx(json.loads(other), abs=TOLERANCE)


def test_two_processes_have_the_losses_and_scores_of_one_and_the_first_alone_writes(
    together: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The validation split has 97 examples in batches of 32, so the last batch is too short for two."""
    assert_same_records(together, alone)
    assert len(list((together / "tensorboard").rglob("events.*"))) == 1
    assert {path.name for path in (together / "checkpoints").iterdir()} == {"best.safetensors", "last.safetensors"}
    load_checkpoint(last_checkpoint(together))
    assert state_to_resume(together, resume=False) is None
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")  # after a restart it goes on from its last state
    assert state_to_resume(together, resume=False) == last_checkpoint(together)
    assert state_to_resume(together / "nothing yet", resume=False) is None


def test_several_processes_ask_each_other_every_few_steps_and_before_validation() -> None:
    asked_at: list[int] = []

    class Processes:
        num_processes, device, step = 2, torch.device("cpu"), 0

        def reduce(self, asked: torch.Tensor) -> torch.Tensor:
            asked_at.append(self.step)
            return asked + (self.step >= 14)  # the signal came to the other one

    processes, stops = Processes(), []
    for processes.step in range(1, 21):
        if should_stop(StopRequest(), processes, processes.step, epoch_ends=processes.step % 10 == 0):  # type: ignore
            stops.append(processes.step)
    assert asked_at == [8, 10, 16, 20]
    assert stops == [16, 20]


@pytest.mark.long
def test_a_frozen_part_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    settings = SETTINGS | {"freeze_epochs": 1, "unfreeze_epochs": 1, "backbone_lr_scale": 0.1}
    done = train(tmp_path / "two", 2, settings)
    assert done.returncode == 0, done.stderr
    assert train_in_a_process(tmp_path / "one", settings, SMOOTH="yes").returncode == 0
    assert_same_records(tmp_path / "two", tmp_path / "one")


@pytest.mark.long
def test_sharded_weights_have_the_losses_and_scores_of_one_process_and_go_on_after_a_stop(
    alone: Path, tmp_path: Path
) -> None:
    settings = SETTINGS | {"shard": True}
    stopped = train(tmp_path, 2, settings, KILL_AT=13, KILL_RANK=1, SIGNAL="SIGTERM")
    assert "SIGTERM: stopped in epoch 2 after step 16, and saved" in stopped.stderr
    assert "another process: stopped in epoch 2 after step 16, and saved" in stopped.stderr
    done = train(tmp_path, 2, settings, RESUME="yes")
    assert done.returncode == 0, done.stderr
    assert_same_records(tmp_path, alone)
    found, expected = (load_checkpoint(best_checkpoint(folder)).tensors for folder in (tmp_path, alone))
    torch.testing.assert_close(found, expected)


@pytest.mark.long
def test_two_processes_read_their_shares_from_an_address_and_learn_the_same(alone: Path, tmp_path: Path) -> None:
    write_points(tmp_path / "raw")
    pack(tmp_path / "raw", tmp_path / "bucket", 20_000)
    with serving(tmp_path / "bucket") as store:
        shards = tmp_path / "s3:" / "bucket"
        where = {"AWS_ENDPOINT_URL": store.address, "SHARD_CACHE_GB": 0, "SHARDS": shards}
        done = train(tmp_path / "run", 2, **where)
        assert done.returncode == 0, done.stderr
        read = [span for name, span in store.asked if name.endswith(".tar")]
    assert_same_records(tmp_path / "run", alone)
    # In each of three epochs, ten batches of 16 once, and not once for each process.
    assert 3 * 160 * 0.9 < len(read) <= 3 * 160


@pytest.mark.long
def test_a_killed_worker_is_started_again_and_goes_on_from_the_last_state(alone: Path, tmp_path: Path) -> None:
    settings = SETTINGS | {"save_every": 3}
    done = train(tmp_path, 2, settings, ("--standalone", "--max-restarts", "1"), KILL_AT=14, KILL_RANK=1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch   1/3") == 1, "the run began anew"
    assert_same_records(tmp_path, alone)


@pytest.mark.long
def test_two_hosts_have_the_losses_and_scores_of_one_process(alone: Path, tmp_path: Path) -> None:
    """Two launchers that meet at an address, as on two machines; here both are on this one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    meet = ["--nnodes", "2", "--nproc-per-node", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    hosts = [
        subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *meet, "--rdzv-id", "hosts", str(SCRIPT), str(tmp_path)],
            env=environment(SETTINGS),
        )
        for _ in range(2)
    ]
    assert [host.wait(timeout=300) for host in hosts] == [0, 0]
    assert_same_records(tmp_path, alone)
    assert len(list((tmp_path / "tensorboard").rglob("events.*"))) == 1
