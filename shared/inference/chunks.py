"""Predictions of any number of inputs: in chunks, so that memory does not grow and a stopped run goes on."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from shared.console import log, track
from shared.errors import UserError
from shared.files import require_writable
from shared.inference.model import OnnxModel
from shared.process import is_main_process, own_cores, process_of
from shared.results import write_result
from shared.workers import in_processes, workers_for

CHUNK = 256
AT_A_TIME = 32
"""What a process prepares before it hands it over."""
SECONDS_BETWEEN_LOOKS = 0.1


def predict_in_chunks(
    config: Any,
    network: OnnxModel,
    inputs: Sequence[Path | str],
    predict: Callable[[list[int], list[Any]], Iterable[Any]],
    finish: Callable[[Callable[[], Iterator[Any]]], dict[str, Any]],
    *,
    noun: str,
    skipped: Mapping[str, int] | None = None,
    chunk: int = CHUNK,
    prepare: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """Predict inputs chunk by chunk; `finish` then reads the records of all of them. Writes outputs/predict.json.

    Each record becomes a line in a hidden file of `outputs/predictions`, so that after a stop the same command goes on
    behind the last whole chunk. Under `torchrun` each process predicts its share of the chunks, and the main process
    waits for the others: with any number of processes, the same inputs share a chunk and the result is the same.

    Args:
        predict: from the indices of a chunk and its inputs to a record, in plain types, of each.
        finish: from a function that reads all records in the order of the inputs to the `metrics` of the verb's result,
            and what else it says (see `write_result`).
        noun: what people call the inputs, such as `images`.
        skipped: how many files of the folders were not read, by reason (see `collect_files`).
        prepare: changes each input before `predict` sees it, in other processes while `predict` works; a function of a
            module, or a `partial` of one.

    Returns:
        The verb's result; an empty dictionary in processes other than the main one.

    Raises:
        UserError: another process predicts into the folder.
    """
    folder, (process, processes) = config.output_dir / "predictions", process_of()
    require_writable(folder)
    key, started = _key(config, network, inputs), time.perf_counter()
    parts = [folder / f".{key}-{number}-of-{processes}.part" for number in range(processes)]
    whole = [part.with_suffix(".whole") for part in parts]
    chunks = -(-len(inputs) // chunk)
    first, end = (min(len(inputs), chunks * number // processes * chunk) for number in (process, process + 1))
    try:
        with FileLock(folder / f".predict-{process}.lock", timeout=0):
            if not whole[process].is_file():
                done = _keep_whole_chunks(parts[process], chunk)
                if done:
                    log.info(f"predict: goes on after {done:,} of {end - first:,} {noun}, where it was stopped")
                left = range(first + done, end)
                pending = enumerate(track(_ready(inputs, left, prepare), f"predict {noun}", len(left)), left.start)
                with parts[process].open("ab") as file:
                    while some := dict(islice(pending, chunk)):
                        records = predict([*some], [*some.values()])
                        file.writelines(json.dumps(record).encode() + b"\n" for record in records)
                        file.flush()
                parts[process].replace(whole[process])
            if not is_main_process():
                return {}
            while not all(path.is_file() for path in whole):
                time.sleep(SECONDS_BETWEEN_LOOKS)
            seconds = time.perf_counter() - started
            result = write_result(
                config.output_dir,
                "predict",
                seed=network.metadata["seed"],
                data=network.metadata["data"],
                seconds=seconds,
                network=network.origin,
                skipped_files=dict(skipped or {}),
                **finish(lambda: _records(whole)),
            )
            for path in folder.glob(".*-of-*"):  # also those of runs that were stopped and never went on
                path.unlink()
            return result
    except Timeout as error:
        raise UserError(f"another process predicts into {folder}; wait until it ends, or set --output_dir.") from error


def _ready(inputs: Sequence[Any], chosen: range, prepare: Callable[[Any], Any] | None) -> Iterator[Any]:
    """The inputs at these indices, each prepared."""
    if prepare is None:
        yield from (inputs[index] for index in chosen)
        return
    parts = (inputs[start : min(start + AT_A_TIME, chosen.stop)] for start in chosen[::AT_A_TIME])
    workers = min(workers_for(len(chosen)), own_cores())
    for some in in_processes(partial(_prepare_some, prepare), parts, workers):
        yield from some


def _prepare_some(prepare: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    return [prepare(one) for one in inputs]


def _key(config: Any, network: OnnxModel, inputs: Sequence[Path | str]) -> str:
    """A digest of what decides the predictions: network, settings, and each text, or name, size and time of a file."""
    digest = hashlib.sha256(repr((config, network.metadata)).encode(errors="backslashreplace"))
    for item in inputs:
        stat = item.stat() if isinstance(item, Path) else None
        content = (str(item), stat and (stat.st_size, stat.st_mtime_ns))
        digest.update(repr(content).encode(errors="backslashreplace"))
    return digest.hexdigest()[:16]


def _keep_whole_chunks(part: Path, chunk: int) -> int:
    """The number of records in a file, without those of a chunk that is not whole, which are cut off."""
    if not part.is_file():
        return 0
    kept = end = position = 0
    with part.open("r+b") as file:
        for count, line in enumerate(file, 1):
            position += len(line)
            if count % chunk == 0 and line.endswith(b"\n"):
                kept, end = count, position
        file.truncate(end)
    return kept


def _records(files: Sequence[Path]) -> Iterator[Any]:
    for path in files:
        with path.open("rb") as file:
            yield from map(json.loads, file)
