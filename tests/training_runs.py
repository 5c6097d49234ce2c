"""Training runs in processes of their own, and what it takes for two of them to be the same."""

import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, set_start_method
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from unittest.mock import patch

import resumable
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint, last_checkpoint

Settings = dict[str, object]
PLAIN: Settings = {"log_every": 2, "save_every": 3, "keep_every": 1, "max_to_keep": 2}
EVERYTHING: Settings = {
    "log_every": 3,
    "save_every": 4,
    "ema_decay": 0.9,
    "grad_accum_steps": 2,
    "max_grad_norm": 0.5,
    "schedule": "cosine",
    "patience": 2,
    "freeze_epochs": 1,
    "unfreeze_epochs": 1,
    "backbone_lr_scale": 0.5,
    "precision": "fp16",
    "workers": 2,
}


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    returncode: int
    """Negative: the signal that ended it."""
    stderr: str


def train_in_a_process(folder: Path, settings: Settings, **environment: object) -> Done:
    """Run `resumable.py`; the environment says what happens to it."""
    variables = {"SETTINGS": json.dumps(settings)} | {name: str(value) for name, value in environment.items()}
    with tempfile.TemporaryDirectory() as place:
        errors = Path(place) / "stderr"
        process = forking().Process(target=_train, args=(folder, variables, errors))
        process.start()
        process.join(timeout=120)
        if process.exitcode is None:
            process.kill()  # the tests would wait for it at their end
            raise TimeoutError("it hangs")
        return Done(process.exitcode, errors.read_text())


@cache
def forking() -> ForkServerContext:
    """Processes that begin as copies of one that has imported everything, which takes longer than a small run."""
    context = get_context("forkserver")
    context.set_forkserver_preload([resumable.__name__])
    # A module that it does not find it leaves out without a word, and each copy imports it again.
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        ensure_running()
    return context


def _train(folder: Path, variables: dict[str, str], errors: Path) -> None:
    set_start_method(None, force=True)  # as in any process: it would start workers in the way it was started itself
    os.environ.update(variables)
    with errors.open("w") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.exit(resumable.main(folder))


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    run = max((folder / "tensorboard").iterdir())  # one killed before its first save began anew, with another log
    events = EventAccumulator(str(run))
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def assert_same(found: Path, expected: Path) -> None:
    """Bit for bit the same weights, state, log and curves, but for the clock."""
    assert (found / "metrics.jsonl").read_bytes() == (expected / "metrics.jsonl").read_bytes()
    assert best_checkpoint(found).read_bytes() == best_checkpoint(expected).read_bytes()
    last = [load_checkpoint(last_checkpoint(folder)) for folder in (found, expected)]
    assert last[0].tensors.keys() == last[1].tensors.keys()
    assert all(torch.equal(last[0].tensors[name], last[1].tensors[name]) for name in last[0].tensors)
    assert without_clock(last[0].metadata["state"]) == without_clock(last[1].metadata["state"])
    assert curves(found) == curves(expected)


def without_clock(plain: object) -> str:
    """The plain state as text, without seconds and the log's name, which is a time."""
    return re.sub(r'"(seconds|log_name)", \{"value": [^}]*\}', "", json.dumps(plain))
