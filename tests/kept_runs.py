"""Keeps runs and goes back to earlier ones until it is killed, for the tests: python kept_runs.py FOLDER LEDGER SEED.

The ledger has a line for each run that was whole once: the run's number.
"""

import json
import os
import random
import sys
from pathlib import Path

from shared.files import write_text
from shared.training.files import best_checkpoint, epoch_checkpoint, last_checkpoint
from shared.training.folder import earlier_runs, keep_run, training_lock, use_run


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


def main(folder: Path, ledger: Path, seed: int) -> None:
    """Begin runs and go back to earlier ones, at random."""
    chance = random.Random(seed)
    number = len(ledger.read_text().split()) * 1000 + seed  # not one that was used before
    print("ready", flush=True)
    while True:
        with training_lock(folder):
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
