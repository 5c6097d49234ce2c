"""Keeps runs and goes back to earlier ones while it is killed, for the tests.

python kept_runs.py keep FOLDER, or back FOLDER: kills before each change of the disk; prints how many.
python kept_runs.py forever FOLDER LEDGER SEED: until the caller kills it. The ledger has the number of each run that
was whole once.
"""

import itertools
import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from shared.files import write_text
from shared.training.files import best_checkpoint, epoch_checkpoint, interrupted_moves, last_checkpoint
from shared.training.folder import earlier_runs, finish_moves, keep_run, training_lock, use_run


def files_of(number: int) -> dict[Path, str]:
    """The files of a run by their place below its folder, and what they hold."""
    here = Path()
    places = [last_checkpoint(here), *(epoch_checkpoint(here, epoch) for epoch in range(2)), best_checkpoint(here)]
    places += [Path(f"{verb}.json") for verb in ("train", "evaluate", "decision")] + [Path("metrics.jsonl")]
    if number % 3:  # some are not exported
        places += [Path("export", "network.onnx"), Path("export", f"of-{number}.txt"), Path("export.json")]
    return {place: json.dumps({"run": number, "file": place.as_posix()}) for place in places}


def begin(folder: Path, number: int) -> None:
    """What a training does: keep the run before, then write another."""
    keep_run(folder)
    if number % 3:
        for old in (folder / "export").glob("of-*"):
            old.unlink()
    for place, content in files_of(number).items():
        write_text(folder / place, content)


def is_whole(folder: Path, number: int) -> bool:
    """Whether a folder holds all files of a run, and no other run's weights or export beside them."""
    expected = files_of(number)
    if any(not (folder / place).is_file() or (folder / place).read_text() != text for place, text in expected.items()):
        return False
    found = {path.relative_to(folder) for path in (folder / "export").rglob("[!.]*") if number % 3}
    return found <= set(expected)


def forever(folder: Path, ledger: Path, seed: int) -> None:
    """Begin runs and go back to earlier ones, at random, until a kill."""
    chance = random.Random(seed)
    number = len(ledger.read_text().split()) * 1000 + seed  # not one that was used before
    print("ready", flush=True)
    with training_lock(folder):
        while True:
            earlier = earlier_runs(folder)
            if earlier and chance.random() < 0.85:
                use_run(folder, chance.choice(earlier))
                continue
            number += 1
            begin(folder, number)
            with ledger.open("a") as file:
                file.write(f"{number}\n")
                file.flush()
                os.fsync(file.fileno())


def killed_everywhere(folder: Path, runs: int, work: Callable[[Path], object]) -> int:
    """Kill the work before each change of the disk, each time in a copy of the folder; count the kills."""
    for number in range(runs):
        begin(folder, number + 1)
    for call in itertools.count(1):
        copy = folder.with_name(f"{folder.name}-{call}")
        shutil.copytree(folder, copy, copy_function=os.link)
        died = dying_at(call, partial(work, copy))
        if call % 3 == 0:  # a second kill, while the interrupted move is finished
            dying_at(call // 3, partial(finish_moves, copy))
        finish_moves(copy)
        places = [copy, *earlier_runs(copy)]
        assert all(sum(is_whole(place, number + 1) for place in places) == 1 for number in range(runs)), call
        assert sum(best_checkpoint(place).exists() for place in places) == runs, call
        assert not interrupted_moves(copy), call
        assert not list((copy / "runs").glob(".*")), call
        shutil.rmtree(copy)
        if not died:
            return call - 1
    raise AssertionError


def dying_at(call: int, work: Callable[[], object]) -> bool:
    """Do the work in another process that is gone before that change of the disk, counted from 1; whether it died."""
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)

        def counted(function: Callable[..., object]) -> Callable[..., object]:
            def change(*arguments: object, **options: object) -> object:
                if next(calls) == call:
                    os._exit(9)  # as SIGKILL: nothing is cleaned up
                return function(*arguments, **options)

            return change

        for name in ("link", "rename", "replace", "unlink", "mkdir", "rmdir", "open"):
            setattr(os, name, counted(getattr(os, name)))
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "forever":
        forever(where, Path(sys.argv[3]), int(sys.argv[4]))
    elif what == "keep":
        print(killed_everywhere(where, 1, keep_run))
    else:
        print(killed_everywhere(where, 2, lambda folder: use_run(folder, earlier_runs(folder)[0])))
