"""Search for good settings: many short training runs, compared on the validation split, with Optuna.

Optuna's journal holds every finished run, so the same command goes on with a sweep that was stopped.
"""

import math
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import optuna
import yaml
from filelock import FileLock, Timeout
from jsonargparse import Namespace
from matplotlib import pyplot as plt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState
from optuna.visualization.matplotlib import plot_slice

from shared import config as configuration
from shared.console import columns, log
from shared.errors import DivergedError, UserError
from shared.files import atomic_write, write_text
from shared.process import require_one_process
from shared.report.plots import png
from shared.results import write_result

Train = Callable[[Any], dict[str, Any]]
"""`train(config) -> result`, as every project has it."""

NAME = "trial-{:04d}"
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
"""Finished, or diverged. A run that was killed or could not start is tried again."""


@dataclass(frozen=True)
class Plan:
    """Which settings to search, and how many runs to train; `configs/sweep.yaml` holds one."""

    trials: int
    ranges: dict[str, BaseDistribution]
    """By dotted name. In YAML: `{low, high}`, with `log: true` for a logarithmic scale, or `{choices: [...]}`."""


def read_plan(path: Path, config: Any) -> Plan:
    """Read a plan and check it against the configuration.

    Raises:
        UserError: the file is missing or is not a plan; a setting is unknown (the message names the nearest).
    """
    content = configuration.read_yaml(path)
    if set(content) != {"trials", "ranges"} or not isinstance(content["ranges"], dict) or not content["ranges"]:
        raise UserError(f"{path} must hold `trials: <number>` and `ranges:` with one line per setting.")
    trials, ranges = content["trials"], dict[str, BaseDistribution]()
    configuration.require(isinstance(trials, int) and trials >= 1, f"{path}: trials", trials, "1 or more")
    known = dict(configuration.fields_of(type(config)))
    for name, range_ in content["ranges"].items():
        configuration.require_known(name, known, str(path))
        try:
            ranges[name] = _distribution(range_, known[name])
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                f"{path}: {name} needs {{low: 1, high: 2}}, perhaps with log: true, or {{choices: [1, 2]}}."
            ) from error
    return Plan(trials, ranges)


def _distribution(range_: Any, type_: Any) -> BaseDistribution:
    """Optuna's form of a range. Bounds may be text, because YAML reads 1e-5, which has no point, as text."""
    match range_:
        case {"choices": list(choices), **rest} if not rest:
            return CategoricalDistribution(choices)
        case {"low": low, "high": high, **rest} if rest.keys() <= {"log"} and math.isfinite(float(low) + float(high)):
            if int in (type_, *get_args(type_)):
                return IntDistribution(int(float(low)), int(float(high)), log=bool(rest.get("log")))
            return FloatDistribution(float(low), float(high), log=bool(rest.get("log")))
    raise ValueError("neither form of a range")


def run_sweep(plan: Plan, config: Any, base: Path, train: Train) -> dict[str, Any]:
    """Train `plan.trials` times with settings that Optuna chooses; keep the best run's checkpoints.

    The score to raise is the validation metric that `train`'s result names as its `monitor`. Writes
    `outputs/sweep/best.yaml` (for `--config`), `outputs/sweep.json` and `outputs/sweep/sweep.png`.

    Args:
        config: the settings that are not searched.
        base: the project's folder.

    Raises:
        UserError: the journal in the output folder is of another sweep, or another process is running the sweep.
    """
    require_one_process("a sweep")
    started = time.perf_counter()
    folder: Path = config.output_dir / "sweep"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "sweep.lock", timeout=0):
            study = _open_study(folder, plan, configuration.to_plain(config, base))
            while (done := len(study.get_trials(states=DONE))) < plan.trials:
                # Each trial has its own seed, so that a sweep that was stopped draws what it would have drawn.
                study.sampler = optuna.samplers.TPESampler(seed=config.seed + 1000 * done)
                _run_trial(study, study.ask(plan.ranges), config, base, train)
                best = [NAME.format(trial.number + 1) for trial in _finished(study)[:1]]
                for other in folder.glob("trial-*"):  # weights take much room
                    if other.name not in best:
                        shutil.rmtree(other / "checkpoints", ignore_errors=True)
            return _write_results(study, config, time.perf_counter() - started)
    except Timeout:
        raise UserError(
            f"another process is at the sweep in {folder}; wait for it, or choose another --output_dir."
        ) from None


def _open_study(folder: Path, plan: Plan, config: dict[str, Any]) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = str(folder / "journal.jsonl")
    storage = JournalStorage(JournalFileBackend(journal, JournalFileOpenLock(journal)))
    study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize", load_if_exists=True)
    metadata = {
        "ranges": {name: str(range_) for name, range_ in plan.ranges.items()},
        "config": {key: value for key, value in config.items() if not key.endswith("_dir")},
    }
    if study.user_attrs.get("metadata", metadata) != metadata:
        if study.get_trials(states=DONE):
            raise UserError(f"{folder} holds a sweep of other settings; delete it, or choose another --output_dir.")
        optuna.delete_study(study_name="sweep", storage=storage)
        return _open_study(folder, plan, config)
    study.set_user_attr("metadata", metadata)
    for killed in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)  # the sampler passes over it and draws its settings again
    return study


def _run_trial(study: optuna.Study, trial: Trial, config: Any, base: Path, train: Train) -> None:
    """Train once and tell the study the score."""
    folder = Path("sweep", NAME.format(trial.number + 1))
    folders = {"output_dir": config.output_dir / folder, "log_dir": config.log_dir / folder}
    flags = [f"--{key}={value}" for key, value in (trial.params | folders).items()]
    shown = (f"{key} {f'{value:.4g}' if isinstance(value, float) else value}" for key, value in trial.params.items())
    log.info(f"sweep: trial {trial.number + 1}: {', '.join(shown)}")
    plain = configuration.to_plain(config, base)
    try:
        result = train(configuration.parse(type(config), flags, base=base, stored=plain)[0])
        score = result["metrics"]["validation"][result["monitor"]]
        if not math.isfinite(score):
            raise DivergedError(f"validation {result['monitor']} is {score}")
    except DivergedError as error:
        log.info(f"sweep: trial {trial.number + 1} failed: {error}")
        study.tell(trial, state=TrialState.PRUNED)
        return
    study.set_user_attr("data", result["data"])
    study.set_user_attr("monitor", result["monitor"])
    trial.set_user_attr("seconds", result["seconds"])
    study.tell(trial, score)


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials with a score, the best first."""
    return sorted(study.get_trials(states=(TrialState.COMPLETE,)), key=lambda trial: trial.values[0], reverse=True)


def _write_results(study: optuna.Study, config: Any, seconds: float) -> dict[str, Any]:
    """Print, draw and write what the sweep found."""
    trials = _finished(study)
    if not trials:
        raise UserError("no trial of the sweep finished; see the message of each, and narrow the ranges.")
    folder: Path = config.output_dir / "sweep"
    monitor = study.user_attrs["monitor"]
    rows = [{"trial": one.number + 1, monitor: one.value, **one.user_attrs, **one.params} for one in trials]
    columns(f"{len(rows)} trials by validation {monitor}, the best first", rows[:10])
    best = Namespace()  # type: ignore[no-untyped-call]
    for name, value in trials[0].params.items():
        best[name] = value  # a dotted name makes its section
    write_text(folder / "best.yaml", yaml.safe_dump(best.as_dict(), sort_keys=False))
    with warnings.catch_warnings(), plt.rc_context():  # Optuna sets matplotlib's style for all plots that follow
        warnings.simplefilter("ignore")  # it calls its plots experimental
        plot_slice(study, target_name=f"validation {monitor}")  # the score over each setting; later trials are darker
        figure = plt.gcf()
        plt.close(figure)
        with atomic_write(folder / "sweep.png") as file:
            file.write(png(figure))
    log.info(f"sweep: best validation {monitor} {trials[0].value:.4f}; train with --config {folder / 'best.yaml'}")
    return write_result(
        config.output_dir,
        "sweep",
        seed=config.seed,
        data=study.user_attrs["data"],
        metrics={"validation": {monitor: trials[0].value}},
        seconds=seconds,
        best=best.as_dict(),
        trials=rows,
        failed=len(study.get_trials(states=(TrialState.PRUNED,))),
    )
