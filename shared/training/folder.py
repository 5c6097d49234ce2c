"""The folder of a run's outputs: one training at a time writes it, and a new one keeps the run before it."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from shared.console import log, shown
from shared.errors import UserError
from shared.files import file_digest, read_json, write_json
from shared.process import is_main_process
from shared.training.files import best_checkpoint, last_checkpoint

MOVED = ("checkpoints", "train.json", "evaluate.json", "metrics.jsonl", "report.html")
COPIED = ("export", "export.json", "baseline.json")
"""A server may be answering from the exported file, so it stays until the next `export`."""


@contextmanager
def training_lock(output_dir: Path) -> Iterator[None]:
    """Hold the folder for one training; the lock ends with the process, also when it is killed.

    In one process the blocks may be nested: `run` holds the lock around `train`.

    Raises:
        UserError: another process trains in the folder.
    """
    if not is_main_process():
        yield
        return
    output_dir.mkdir(parents=True, exist_ok=True)
    holder = output_dir / ".training.json"
    lock = FileLock(output_dir / ".training.lock", timeout=0, is_singleton=True)
    try:
        with lock:
            write_json(holder, {"process": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%H:%M")})
            try:
                yield
            finally:
                if lock.lock_counter == 1:  # the outermost block of this process
                    holder.unlink(missing_ok=True)
    except Timeout as error:
        raise UserError(
            f"{shown(output_dir)} is in use: {_who(holder)} trains there; wait until it ends, or choose "
            "another folder with --output_dir."
        ) from error


def _who(holder: Path) -> str:
    try:
        found: dict[str, Any] = read_json(holder, "")
        return f"process {found['process']} on {found['host']}, since {found['since']},"
    except (UserError, KeyError, TypeError):
        return "another process"


def keep_earlier_run(output_dir: Path) -> Path | None:
    """Move the run in the folder to `runs/<time>-<id>`, before a new one begins; the exported network is copied.

    A kill at any moment leaves the run whole in one of the two places: its copy is complete before it gets its name,
    and only then are the files in `output_dir` removed.

    Returns:
        The folder that the earlier run is in now; None where there is none.
    """
    weights = next(
        (path for path in (best_checkpoint(output_dir), last_checkpoint(output_dir)) if path.is_file()), None
    )
    if weights is None or not is_main_process():
        return None
    run_id, runs = file_digest(weights)[:8], output_dir / "runs"
    kept = next(iter(sorted(runs.glob(f"*-{run_id}"))), None)  # there already if a kill came between copy and removal
    if kept is None:
        began = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(weights.stat().st_mtime))
        kept, unfinished = runs / f"{began}-{run_id}", runs / f".{run_id}"
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in (*MOVED, *COPIED):
            _copy(output_dir / name, unfinished / name)
        unfinished.rename(kept)
    for name in MOVED:
        _remove(output_dir / name)
    log.info(f"train: the earlier run is kept in {shown(kept)}")
    return kept


def _copy(path: Path, copy: Path) -> None:
    """Copy a file or a folder; hard links take no room, and later runs replace files and never change them."""
    if path.is_dir():
        copy.mkdir(parents=True, exist_ok=True)
        for child in path.iterdir():
            _copy(child, copy / child.name)
    elif path.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, copy)
        except OSError:  # a file system without hard links
            shutil.copy2(path, copy)


def _remove(path: Path) -> None:
    """Remove a file, or the files in a folder other than hidden ones."""
    if path.is_dir():
        for child in path.iterdir():
            if not child.name.startswith("."):
                _remove(child)
    else:
        path.unlink(missing_ok=True)
