"""Verbs that are the same in every project: a project that wants its own writes `src/<verb>.py`, or `src/verbs.py`.

They call the other verbs of the project whose `src` package is importable.
"""

import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.config import from_plain, require_known
from shared.console import log, shown, table
from shared.errors import UserError
from shared.training.folder import training_lock


def run(config: Any, *, beside: Callable[[Any, dict[str, Any]], dict[str, str]] = lambda *_: {}) -> dict[str, Any]:
    """Train, evaluate, compare with the baselines, export and report; then print a summary. Reads the data once.

    Args:
        beside: what a project does before the report, with the results so far; it gives rows for the summary.
    """
    from shared.report.sections import summary_rows

    started = time.perf_counter()
    project: Path = import_module("src.config").PROJECT
    data = import_module("src.dataloader").load_data(config)
    with training_lock(config.output_dir):  # what follows is about these weights and no others
        results = {"train": _verb("train")(config, data=data)}
        # The next verbs use the configuration that training recorded, with the data that `auto` found.
        config = from_plain(type(config), results["train"]["config"], base=project)
        for verb in ("evaluate", "baseline", "export"):
            results[verb] = _verb(verb)(config, data=data)
        rows = beside(config, results)
        report = _verb("report")(config, data=data)
    rows = summary_rows(results) | rows | next_steps(config, project, results["export"], report, started)
    table(project.name, rows)
    warn_if_not_beaten(results)
    return results


def _verb(name: str) -> Any:
    return getattr(import_module(f"src.{name}"), name)


def warn_if_not_beaten(results: dict[str, dict[str, Any]]) -> None:
    """The last line of a run whose network is no better than a baseline."""
    from shared.evaluation import beside_baselines

    beaten, sentence = beside_baselines(results)
    if not beaten:
        log.warning(f"the best baseline is {sentence}")


def next_steps(config: Any, project: Path, exported: dict[str, Any], report: Path, started: float) -> dict[str, str]:
    """Where the results of a run are and what to do with them, as rows of a table."""
    from shared.training.files import best_checkpoint

    file = config.output_dir / "export" / exported["file"]
    python, main = shown(Path(sys.executable)), shown(project / "main.py")
    return {
        "weights": shown(best_checkpoint(config.output_dir)),
        "ONNX file": f"{shown(file)}, {exported['precision']}: {exported['reason']}",
        "seconds": f"{time.perf_counter() - started:.1f} in all",
        "report": shown(report),
        "curves": f"{python} -m tensorboard.main --logdir {shown(config.log_dir)}",
        "next": f"{python} {main} predict path/to/your/files, or {python} {main} serve",
    }


def serve(config: Any) -> None:
    """Serve the exported network over HTTP, with a page for people. Stop with Ctrl-C."""
    from shared.serving.running import run_server

    run_server("src.service:make_service", config, config.serve)


def runs(config: Any, words: Sequence[str] = (), json: bool = False) -> Any:
    """List all training runs in output_dir: the current one, and the earlier ones in output_dir/runs.

    Args:
        words: none for the list; or `compare A B`, `use A` (go back to an earlier run), `mark A NOTE` (never drop it),
            `unmark A`, `remove A`, where A is the id of a run or its first letters, `current`, or `before` (the
            newest of the earlier ones)
        json: print JSON in place of a table and a page
    """
    from shared.report.runs import show_comparison, show_runs
    from shared.training.runs import mark, remove, use

    title, folder = import_module("src.config").PROJECT.name, config.output_dir
    if not words:
        return show_runs(folder, title, json)
    action, *names = words
    require_known(action, ("compare", "use", "mark", "unmark", "remove"), "runs", "action")
    if action == "compare":
        return show_comparison(folder, title, names, json)
    if not names or (action != "mark" and len(names) > 1):
        raise UserError(f"runs {action} needs the id of one run; `python main.py runs` lists them.")
    if action in ("mark", "unmark"):
        return mark(folder, names[0], " ".join(names[1:]) if action == "mark" else None)
    return {"use": use, "remove": remove}[action](folder, names[0])


def crossval(config: Any, folds: int = 5, include_test: bool = False) -> dict[str, Any]:
    """Train once for each fold and measure on that fold; the same command goes on after a stop.

    Args:
        folds: the number of parts that the data is cut into, each of which is measured once
        include_test: cut the test split into folds as well; otherwise it is left out
    """
    from shared.crossval import run_crossval

    data, project = import_module("src.dataloader").load_data(config), import_module("src.config").PROJECT
    return run_crossval(config, project, data, _verb("train"), _verb("evaluate"), folds, include_test)


def sweep(config: Any, plan: Path | None = None, storage: str = "") -> dict[str, Any]:
    """Train with settings that Optuna chooses, compare on validation; the same command goes on after a stop.

    Several processes that run the same command at the same time share the trials.

    Args:
        plan: a YAML file with the number of trials and the range of each setting; configs/sweep.yaml where not given
        storage: the address of a database that processes share, as postgresql://...; else they share the output folder
    """
    from shared.sweep import read_plan, run_sweep

    project: Path = import_module("src.config").PROJECT
    plan_ = read_plan(plan or project / "configs" / "sweep.yaml", config)
    return run_sweep(plan_, config, project, _verb("train"), storage)
