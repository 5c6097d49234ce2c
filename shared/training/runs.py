"""The runs in a folder of outputs: what each was and measured, which of them stay, and how two differ."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.config import leaves
from shared.console import log, shown
from shared.errors import UserError
from shared.files import file_digest, read_json
from shared.process import is_main_process
from shared.results import headline
from shared.training.files import read_metadata
from shared.training.folder import (
    drop_run,
    earlier_runs,
    files_of_run,
    keep_run,
    training_lock,
    use_run,
    weights_of,
)

CURRENT, BEFORE = "current", "before"
RunRecord = dict[str, Any]
"""See `read_run`."""


def keep_earlier_run(output_dir: Path, keep_runs: int, move: bool = True) -> None:
    """Keep the run in the folder before another is written there (see `keep_run`); of many, drop the oldest.

    Those that are marked, the best of their data and the exported one are never dropped.
    """
    kept = keep_run(output_dir, move) if is_main_process() else None
    if kept is None:
        return
    log.info(
        f"train: the run before is kept in {shown(kept)}; `python main.py runs` lists all, and `python main.py runs "
        f"use {kept.name[20:]}` makes it the current one again"
    )
    runs = read_runs(output_dir)
    earlier = [run for run in runs if run["name"] != CURRENT]
    free = [run for run in earlier[:-1] if not (run["best"] or run["exported"] or run["mark"] is not None)]
    for run in free[: max(0, len(earlier) - keep_runs)]:
        drop_run(Path(run["folder"]))
        log.info(f"train: the run {run['name']} is dropped, as there are more than {keep_runs} (training.keep_runs)")


def read_runs(output_dir: Path) -> list[RunRecord]:
    """All runs in a folder, the oldest first and the current one last."""
    exported = _result(output_dir, "export").get("checkpoint", "")
    runs = [read_run(folder, folder.name, exported) for folder in earlier_runs(output_dir)]
    if weights_of(output_dir):
        runs.append(read_run(output_dir, CURRENT, exported))
    best: dict[Any, RunRecord] = {}
    for run in runs:  # scores on other data cannot be compared
        key = (run["data"].get("source"), run["settings"].get("data.root"), run["monitor"])
        if run["validation"] is not None and run["validation"] > best.get(key, {"validation": -1e9})["validation"]:
            best[key] = run
    return [run | {"best": run in best.values()} for run in runs]


def read_run(folder: Path, name: str, exported: str) -> RunRecord:
    """What is known of the run in a folder, as plain types; of one that was stopped, what its checkpoint says.

    Args:
        name: the folder's name, or `current`.
        exported: the digest of the weights that are exported.

    Returns:
        `id` and `time` of its weights, `seconds` of training, `epochs`, `finished`, `data` (the record), `monitor` and
        its `validation` score, `test` (`name`, `score` and its interval from `low` to `high`; None where it was not
        measured), `bytes` of its files, whether it is `exported`, its `mark` (a note; None without a mark),
        `settings` by dotted name.
    """
    weights = weights_of(folder)
    identity = file_digest(weights)[:8] if weights and name == CURRENT else name[20:]
    try:
        metadata = read_metadata(weights) if weights else {}
    except UserError as error:
        log.warning(str(error))
        metadata = {}
    train = _result(folder, "train", identity)
    scores = (train or {"metrics": {"validation": metadata.get("metrics", {})}})["metrics"]["validation"]
    monitor = train.get("monitor") or next((score for score in scores if score != "loss"), "")
    test = _result(folder, "evaluate", identity).get("metrics", {}).get("test")
    # Other weights of a run may be exported; but what lies in the current folder may be an earlier run's.
    other = "" if name == CURRENT else _result(folder, "export").get("checkpoint", "")
    mark = folder / "mark.txt"
    settings = dict(leaves(metadata.get("config", {}), ()))
    ignored = ("log_dir", *metadata.get("not_trained", ()))
    return {
        "id": identity,
        "name": name,
        "folder": str(folder),
        "time": time.strftime("%Y-%m-%d %H:%M", time.localtime(weights.stat().st_mtime)) if weights else "",
        "seconds": train.get("seconds"),
        "epochs": len(read_history(folder)),
        "finished": bool(train),
        "data": {key: metadata["data"][key] for key in ("source", "counts", "digest") if "data" in metadata},
        "monitor": monitor,
        "validation": scores.get(monitor),
        "test": dict(zip(("name", "score", "low", "high"), headline(test), strict=True)) if test else None,
        "bytes": sum(path.stat().st_size for path in files_of_run(folder)),
        "exported": bool(exported) and exported[:8] in [digest[:8] for digest in (identity, other)],
        "mark": mark.read_text(encoding="utf-8").strip() if mark.is_file() else None,
        "settings": {key: value for key, value in settings.items() if not key.startswith(ignored)},
    }


def _result(folder: Path, verb: str, identity: str = "") -> dict[str, Any]:
    """What a verb has written about weights whose digest begins so; empty where there is nothing, or it is damaged."""
    path = folder / f"{verb}.json"
    try:
        found: dict[str, Any] = read_json(path, "") if path.is_file() else {}
    except UserError:
        log.warning(f"{path} is damaged, so `runs` shows nothing of it.")
        return {}
    return found if str(found.get("checkpoint", "")).startswith(identity[:8]) else {}


def read_history(folder: Path) -> list[dict[str, float]]:
    """The records of a run's epochs."""
    path = folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def find_run(runs: Sequence[RunRecord], name: str) -> RunRecord:
    """The run of that name or id, or the beginning of one; `before` is the newest earlier one.

    Raises:
        UserError: there is none, or several.
    """
    found = [run for run in runs if name in (run["name"], run["id"])]
    found = found or [run for run in runs if name and (run["name"].startswith(name) or run["id"].startswith(name))]
    if name == BEFORE:
        found = [run for run in runs if run["name"] != CURRENT][-1:]
    if len(found) != 1:
        there = ", ".join(f"{run['id']} ({run['name']})" for run in found or runs) or "none"
        raise UserError(f"{'several runs are' if found else 'no run is'} called {name!r}; choose one of: {there}.")
    return found[0]


def differing_settings(runs: Sequence[RunRecord]) -> dict[str, list[Any]]:
    """The settings that are not the same in all runs, by dotted name, with their value in each."""
    names = dict.fromkeys(name for run in runs for name in run["settings"])
    values = {name: [run["settings"].get(name) for run in runs] for name in names}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def compare_runs(first: RunRecord, second: RunRecord) -> dict[str, Any]:
    """How two runs differ: `settings`, `test` (see `paired_test`; empty where it cannot be made), and a `sentence`."""
    test, reason = _tested(Path(first["folder"]), Path(second["folder"]), first["id"], second["id"])
    if test:
        low, high = test["interval"]
        verdict = "more than noise" if test["p_value"] < test["noise"] else "no more than noise"
        sentence = f"{test['score']} {test['difference']:+.4f} ({low:+.4f} to {high:+.4f}) on {test['examples']:,} "
        sentence += f"test examples: {verdict} ({test['test']}, p = {test['p_value']:.2g})"
    else:
        sentence = f"not tested: {reason}"
    return {"settings": differing_settings([first, second]), "test": test, "sentence": sentence}


def _tested(first: Path, second: Path, first_id: str, second_id: str) -> tuple[dict[str, Any], str]:
    from shared.metrics.paired import NOISE, paired_test  # here: SciPy takes a second to import

    results = [_result(first, "evaluate", first_id), _result(second, "evaluate", second_id)]
    if not all(results):
        missing = first_id if not results[0] else second_id
        return {}, f"the test split was not measured with the weights of {missing}; run `python main.py evaluate`"
    if results[0].get("test_examples") != results[1].get("test_examples"):
        return {}, "the two were measured on different test examples"
    scores = [result["metrics"]["test"] for result in results]
    if all("right" in score for score in scores):
        rows = [[int(right) for right in score["right"]] for score in scores]
    else:
        rows = [list(score.get("by_image", {}).values()) for score in scores]
    pairs = [(one, other) for one, other in zip(*rows, strict=False) if one is not None and other is not None]
    if not pairs:
        return {}, "there is no score of each example"
    names = {"accuracy": "accuracy", "exact_match": "share of examples without a wrong label"}
    name = next((text for score, text in names.items() if score in scores[0]), "IoU per image")
    return {"score": name, "noise": NOISE} | paired_test(*map(list, zip(*pairs, strict=True))), ""


def run_before(output_dir: Path) -> dict[str, str]:
    """A row for the report: the current run beside the one before it; none where there is none."""
    runs = read_runs(output_dir)
    if len(runs) < 2 or runs[-1]["name"] != CURRENT:
        return {}
    return {f"beside {runs[-2]['id']}, the run before": compare_runs(runs[-2], runs[-1])["sentence"]}


def use(output_dir: Path, name: str) -> None:
    """Make an earlier run the current one, with its exported network; the current one is kept.

    Raises:
        UserError: there is no such run, or a process trains in the folder.
    """
    with training_lock(output_dir):
        run = find_run(read_runs(output_dir), name)
        if run["name"] == CURRENT:
            raise UserError(f"{name} is the current run already.")
        use_run(output_dir, Path(run["folder"]))
    log.info(f"runs: {run['name']} is the current run again; the one before it is kept")


def mark(output_dir: Path, name: str, note: str | None) -> None:
    """Mark a run, so that it is never dropped; or, with None, take its mark away."""
    file = Path(find_run(read_runs(output_dir), name)["folder"]) / "mark.txt"
    if note is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(f"{note}\n", encoding="utf-8")  # its folder is never made again here


def remove(output_dir: Path, name: str) -> None:
    """Remove an earlier run for good.

    Raises:
        UserError: it is the current one, the exported one or marked; or a process trains in the folder.
    """
    with training_lock(output_dir):
        run = find_run(read_runs(output_dir), name)
        if run["name"] == CURRENT:
            raise UserError(f"{name} is the current run; make another one current first (`runs use`).")
        if run["exported"]:
            raise UserError(f"{name} is the exported run; export another one first (`python main.py export`).")
        if run["mark"] is not None:
            raise UserError(f"{name} is marked; take its mark away first (`runs unmark {name}`).")
        drop_run(Path(run["folder"]))
    log.info(f"runs: {run['name']} is removed")
