"""The folder of a run's outputs: one training at a time writes it, and a kill at any moment loses no run.

`output_dir` holds the current run, `output_dir/runs/<time>-<id>` the earlier ones; the id is the beginning of the
digest of the weights. Files are linked, not copied: that takes no room, and what replaces a file leaves its other links
as they are.

A run is **kept** in this order:

1. Its files are linked into `runs/.partial-<name>`, beside an empty file `.kept`.
2. That folder is renamed to `runs/<name>`. The run is now whole in both places.
3. The files in `output_dir` that equal those in `runs/<name>` are removed; the exported network stays, because a server
   may be answering from it.
4. `.kept` is removed.

An earlier run **becomes the current one** in this order:

1. An empty file `.use` in its folder says so.
2. The current run is kept, as above.
3. `.use` is renamed to `.using`.
4. Each file is linked under a hidden name in `output_dir` and renamed to its own; the files of another export go.
5. The folder is renamed to `runs/.partial-<name>`, and removed.

A run is **dropped** by step 5 alone. So until one rename a run is whole in its old place, and after it in its new one.
The next start (of a training, of the verb `runs`, or of any verb that finds one of the three files) finishes what was
interrupted: it removes `.partial-*`, goes on with step 3 of keeping where it finds `.kept`, with step 2 of the change
where it finds `.use`, and with step 4 where it finds `.using`. All of these can be done twice.
"""

import filecmp
import getpass
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from shared.console import shown
from shared.errors import UserError
from shared.files import file_digest, read_json, write_json
from shared.process import is_main_process
from shared.training.files import best_checkpoint, interrupted_moves, last_checkpoint

MOVED = ("checkpoints", "train.json", "evaluate.json", "evaluate-on.json", "metrics.jsonl", "report.html", "mark.txt")
NOT_OF_A_RUN = ("check_data.json", "sweep.json", "crossval.json")
"""Results about the data, or about many runs; all others in `output_dir` are kept with the run, and stay there too."""


@contextmanager
def training_lock(output_dir: Path) -> Iterator[None]:
    """Hold the folder for one training, and finish what a killed one has begun to move.

    The lock ends with the process, also when it is killed. In one process the blocks may be nested: `run` holds the
    lock around `train`.

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
            if lock.lock_counter == 1:  # the outermost block of this process
                since = time.strftime("%Y-%m-%d %H:%M")
                write_json(
                    holder, {"user": _user(), "process": os.getpid(), "host": socket.gethostname(), "since": since}
                )
                finish_moves(output_dir)
            try:
                yield
            finally:
                if lock.lock_counter == 1:
                    holder.unlink(missing_ok=True)
    except Timeout as error:
        raise UserError(
            f"{shown(output_dir)} is in use: {_who(holder)} trains there; wait until it ends, or choose "
            "another folder with --output_dir."
        ) from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "somebody"


def _who(holder: Path) -> str:
    try:
        found: dict[str, Any] = read_json(holder, "")
        return f"{found['user']} (process {found['process']} on {found['host']}, since {found['since']})"
    except (UserError, KeyError, TypeError):
        return "another process"


def earlier_runs(output_dir: Path) -> list[Path]:
    """The folders of the earlier runs, the oldest first."""
    return sorted(path for path in (output_dir / "runs").glob("[!.]*") if path.is_dir())


def weights_of(folder: Path) -> Path | None:
    """The best weights of a run, or its last state where no epoch has ended; None where there is neither."""
    return next((path for path in (best_checkpoint(folder), last_checkpoint(folder)) if path.is_file()), None)


def keep_run(output_dir: Path, move: bool = True) -> Path | None:
    """Move the current run to `runs/<time>-<id>`; without `move`, it stays the current one as well.

    Returns:
        The folder that it is in now; None where there is none.
    """
    exported = output_dir / "export.json"
    earlier = [run / exported.name for run in earlier_runs(output_dir)]
    own_export = exported.is_file() and not any(_same(exported, other) for other in earlier)
    names_it = weights_of(output_dir) or (exported if own_export else None)
    if names_it is None:
        return None
    when = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(names_it.stat().st_mtime))
    kept = output_dir / "runs" / f"{when}-{file_digest(names_it)[:8]}"
    exports = (exported.name, "export")
    files = [
        path for path in files_of_run(output_dir) if own_export or path.relative_to(output_dir).parts[0] not in exports
    ]
    if not move and kept.is_dir() and all(_same(path, kept / path.relative_to(output_dir)) for path in files):
        return kept
    while kept.exists():
        kept = kept.with_name(f"{kept.name}-again")
    partial = _partial(kept)
    for path in files:
        _link(path, partial / path.relative_to(output_dir))
    if move:
        (partial / ".kept").touch()
    partial.rename(kept)
    if move:
        _remove_moved(kept, output_dir)
    return kept


def use_run(output_dir: Path, run: Path) -> None:
    """Make an earlier run the current one, which is kept before."""
    (run / ".use").touch()
    finish_moves(output_dir)


def drop_run(run: Path) -> None:
    """Remove an earlier run."""
    partial = _partial(run)
    run.rename(partial)
    shutil.rmtree(partial)


def finish_moves(output_dir: Path) -> None:
    """Finish what was begun, or interrupted (see the top of this module)."""
    for partial in (output_dir / "runs").glob(".partial-*"):
        shutil.rmtree(partial)
    for mark in interrupted_moves(output_dir):
        run = mark.parent
        if mark.name == ".kept":
            _remove_moved(run, output_dir)
            continue
        if mark.name == ".use":
            keep_run(output_dir)
            mark.rename(run / ".using")
        _put_back(run, output_dir)
        drop_run(run)


def _remove_moved(kept: Path, output_dir: Path) -> None:
    for path in files_of_run(output_dir):
        relative = path.relative_to(output_dir)
        if relative.parts[0] in MOVED and _same(path, kept / relative):
            path.unlink()
    (kept / ".kept").unlink()


def _put_back(run: Path, output_dir: Path) -> None:
    for path in files_of_run(run):
        place = output_dir / path.relative_to(run)
        if not _same(path, place):  # a rename onto another link of the same file would do nothing
            hidden = place.with_name(f".{place.name}.back")
            hidden.unlink(missing_ok=True)
            _link(path, hidden)
            hidden.replace(place)
    if (run / "export.json").is_file():
        for path in _files_below(output_dir / "export"):
            if not (run / path.relative_to(output_dir)).is_file():
                path.unlink()


def files_of_run(folder: Path) -> list[Path]:
    """The files of the run in a folder; the checkpoints come first."""
    results = (path for path in sorted(folder.glob("*.json")) if path.name not in (*MOVED, *NOT_OF_A_RUN))
    places = [*(folder / name for name in (*MOVED, "export")), *results]
    return [path for place in places for path in _files_below(place) if place.name[0] != "."]


def _files_below(place: Path) -> list[Path]:
    """The file, or the files in the folder and those below it, other than hidden ones such as `.gitkeep`."""
    if place.is_dir():
        return [path for child in sorted(place.iterdir()) if child.name[0] != "." for path in _files_below(child)]
    return [place] if place.is_file() else []


def _partial(run: Path) -> Path:
    """The hidden name of a run that is not whole; what an interrupted move has left there is removed."""
    partial = run.with_name(f".partial-{run.name}")
    if partial.exists():
        shutil.rmtree(partial)
    return partial


def _same(path: Path, other: Path) -> bool:
    return other.is_file() and path.is_file() and (path.samefile(other) or filecmp.cmp(path, other, shallow=False))


def _link(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, place)
    except OSError:  # a file system without hard links
        shutil.copy2(path, place)
