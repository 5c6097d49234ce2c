"""Two processes train together as one would: the same batches, shared out, and the same scores."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.data.batches import OrderedBatches, Share, ShuffledBatches
from shared.training.checkpoint import last_checkpoint, load_checkpoint, state_to_resume

SCRIPT = Path(__file__).with_name("resumable.py")
# Without batch norm and dropout, which see or draw for each share alone, only rounding may differ.
SETTINGS = {"epochs": 3, "learning_rate": 0.01, "ema_decay": 0.9}
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


def train(folder: Path, processes: int) -> subprocess.CompletedProcess[str]:
    variables = {"SETTINGS": json.dumps(SETTINGS), "PYTHONPATH": str(SCRIPT.parents[1]), "SMOOTH": "yes"}
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.run(
        [sys.executable, *(launch if processes > 1 else []), str(SCRIPT), str(folder)],
        env=os.environ | variables | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def records(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    done = train(folder, processes=2)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch   1/3") == 1
    return folder


def test_two_processes_have_the_losses_and_scores_of_one(together: Path, tmp_path: Path) -> None:
    """The validation part has 90 examples in batches of 32: the last batch is short, and its shares are uneven."""
    assert train(tmp_path, processes=1).returncode == 0
    for found, expected in zip(records(together), records(tmp_path), strict=True):
        assert found == pytest.approx(expected, abs=TOLERANCE)


def test_only_the_main_process_writes(together: Path) -> None:
    assert len(list((together / "tensorboard").rglob("events.*"))) == 1
    assert {path.name for path in (together / "checkpoints").iterdir()} == {"best.safetensors", "last.safetensors"}
    load_checkpoint(together / "checkpoints" / "last.safetensors")


def test_after_a_restart_the_run_goes_on_from_its_last_state(together: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_to_resume(together, resume=False) is None
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert state_to_resume(together, resume=False) == last_checkpoint(together)
    assert state_to_resume(together / "nothing yet", resume=False) is None
