"""Search for good settings: many short training runs, compared on the validation split, with Optuna.

Every finished run is in a journal at once, so a sweep that was stopped goes on when the same command is given again.
"""

import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar, get_args

import optuna
import yaml
from filelock import FileLock, Timeout
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState

from shared import config as configuration
from shared.console import columns, log
from shared.errors import DivergedError, UserError
from shared.files import atomic_write, write_text
from shared.process import require_one_process
from shared.report.plots import sweep_scores
from shared.results import write_result

C = TypeVar("C")
Train = Callable[[Any], dict[str, Any]]
"""`train(config) -> result`, as every project has it."""

DONE = (TrialState.COMPLETE, TrialState.PRUNED)
"""Finished, or ended by a loss that exploded; a run that was killed or could not begin is tried again."""


@dataclass(frozen=True)
class Plan:
    """Which settings to search, and how long; `configs/sweep.yaml` holds one."""

    trials: int
    ranges: dict[str, dict[str, Any]]
    """By dotted name: `{low, high}`, with `log: true` for a logarithmic scale, or `{choices: [...]}`."""


def read_plan(path: Path, config: Any) -> Plan:
    """Read a plan and check it against the configuration.

    Raises:
        UserError: the file is missing or no plan; a setting is unknown (the message names the nearest).
    """
    content = configuration.read_yaml(path)
    if set(content) != {"trials", "ranges"} or not isinstance(content["ranges"], dict) or not content["ranges"]:
        raise UserError(f"{path} must hold `trials: <number>` and `ranges:` with one line a setting.")
    trials = content["trials"]
    configuration.require(isinstance(trials, int) and trials >= 1, f"{path}: trials", trials, "1 or more")
    known = dict(configuration.fields_of(type(config)))
    for name, range_ in content["ranges"].items():
        configuration.require_known(name, known, str(path))
        if not _is_range(range_):
            raise UserError(
                f"{path}: {name} needs {{low: 1, high: 2}}, perhaps with log: true, or {{choices: [1, 2]}}."
            )
    return Plan(trials, {name: _in_type(range_, known[name]) for name, range_ in content["ranges"].items()})


def _in_type(range_: dict[str, Any], type_: Any) -> dict[str, Any]:
    """Bounds of a setting that takes fractions are fractions, however they are written: 0, or 1e-5 (text in YAML)."""
    if "choices" in range_:
        return range_
    if int in (type_, *get_args(type_)):
        return range_ | {end: int(_number(range_[end])) for end in ("low", "high")}
    return range_ | {end: float(range_[end]) for end in ("low", "high")}


def _is_range(range_: object) -> bool:
    if not isinstance(range_, dict):
        return False
    if set(range_) == {"choices"}:
        return isinstance(range_["choices"], list) and bool(range_["choices"])
    low, high = (_number(range_.get(end)) for end in ("low", "high"))
    return (
        {"low", "high"} <= set(range_) <= {"low", "high", "log"}
        and math.isfinite(low)
        and math.isfinite(high)
        and low <= high
        and (low > 0 or not range_.get("log", False))
    )


def _number(value: object) -> float:
    """The number; none where it is no number. YAML takes 1e-5 for text, as it has no point."""
    try:
        return float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        return math.nan


def run_sweep(plan: Plan, config: Any, base: Path, train: Train, monitor: str) -> dict[str, Any]:
    """Train `plan.trials` times with settings that Optuna chooses; keep the best run's checkpoints.

    Writes `outputs/sweep/best.yaml` (for `--config`), `outputs/sweep.json` and `outputs/sweep/sweep.png`.

    Args:
        config: the settings that are not searched.
        base: the project's folder.
        monitor: the validation metric to raise.

    Raises:
        UserError: the journal in the output folder is of another sweep, or another process is at it.
    """
    require_one_process("a sweep")
    started = time.perf_counter()
    folder: Path = config.output_dir / "sweep"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "sweep.lock", timeout=0):
            study = _search(plan, config, base, train, monitor)
            return _conclude(study, config, monitor, time.perf_counter() - started)
    except Timeout:
        raise UserError(
            f"another process is at the sweep in {folder}; wait for it, or choose another --output_dir."
        ) from None


def _search(plan: Plan, config: Any, base: Path, train: Train, monitor: str) -> optuna.Study:
    """Run the trials that are still to be run."""
    folder: Path = config.output_dir / "sweep"
    study = _open_study(folder, plan, configuration.to_plain(config, base))
    while (done := len(study.get_trials(states=DONE))) < plan.trials:
        # A sampler of the trial's own: a sweep that was stopped and goes on tries what it would have tried.
        study.sampler = TPESampler(seed=config.seed + 1000 * done)
        trial = study.ask()
        _run_trial(study, trial, plan, config, base, train, monitor)
        _keep_best_only(study, folder)
    return study


def _open_study(folder: Path, plan: Plan, config: dict[str, Any]) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = str(folder / "journal.jsonl")
    storage = JournalStorage(JournalFileBackend(journal, JournalFileOpenLock(journal)))
    study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize", load_if_exists=True)
    metadata = {
        "ranges": plan.ranges,
        "config": {key: value for key, value in config.items() if not key.endswith("_dir")},
    }
    if study.user_attrs.get("metadata", metadata) != metadata:
        if study.get_trials(states=DONE):
            raise UserError(f"{folder} holds a sweep of other settings; delete it, or choose another --output_dir.")
        optuna.delete_study(study_name="sweep", storage=storage)  # it never got anywhere
        study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize")
    study.set_user_attr("metadata", metadata)
    for killed in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)
        study.enqueue_trial(killed.params)
    return study


def _run_trial(
    study: optuna.Study, trial: Trial, plan: Plan, config: Any, base: Path, train: Train, monitor: str
) -> None:
    """Train once and tell the study how well."""
    chosen = {name: _suggest(trial, name, range_) for name, range_ in plan.ranges.items()}
    folder = _trial_folder(config.output_dir / "sweep", trial.number)
    places = {"output_dir": folder, "log_dir": config.log_dir / "sweep" / folder.name}
    flags = [f"--{name}={value}" for name, value in (chosen | places).items()]
    plain = configuration.to_plain(config, base)
    log.info(f"sweep: trial {trial.number + 1}: {_shown(chosen)}")
    try:
        result = train(configuration.parse(type(config), flags, base=base, files=[], stored=plain)[0])
        score = _finite(result["metrics"]["validation"][monitor], monitor)
    except DivergedError as error:
        log.info(f"sweep: trial {trial.number + 1} failed: {error}")
        study.tell(trial, state=TrialState.PRUNED)
        return
    study.set_user_attr("data", result["data"])
    trial.set_user_attr("seconds", result["seconds"])
    study.tell(trial, score)


def _finite(score: float, monitor: str) -> float:
    if not math.isfinite(score):
        raise DivergedError(f"validation {monitor} is {score}")
    return score


def _suggest(trial: Trial, name: str, range_: Mapping[str, Any]) -> Any:
    if "choices" in range_:
        return trial.suggest_categorical(name, range_["choices"])
    low, high, log = range_["low"], range_["high"], range_.get("log", False)
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(name, low, high, log=log)
    return trial.suggest_float(name, float(low), float(high), log=log)


def _trial_folder(sweep: Path, number: int) -> Path:
    return sweep / f"trial-{number + 1:04d}"


def _keep_best_only(study: optuna.Study, folder: Path) -> None:
    """Weights take room; those of all trials but the best so far go."""
    best = [_trial_folder(folder, trial.number) for trial in _finished(study)[:1]]
    for other in folder.glob("trial-*"):
        if other not in best:
            shutil.rmtree(other / "checkpoints", ignore_errors=True)


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that came to their end, the best first."""
    return sorted(study.get_trials(states=(TrialState.COMPLETE,)), key=_score, reverse=True)


def _score(trial: FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value


def _conclude(study: optuna.Study, config: Any, monitor: str, seconds: float) -> dict[str, Any]:
    """Say, draw and write what the sweep found."""
    trials = _finished(study)
    if not trials:
        raise UserError("no trial of the sweep came to its end; see what each said, and narrow the ranges.")
    folder: Path = config.output_dir / "sweep"
    rows = [{"trial": trial.number + 1, monitor: _score(trial), **trial.user_attrs, **trial.params} for trial in trials]
    columns(f"{len(rows)} trials by validation {monitor}, the best first", rows[:10])
    best: dict[str, Any] = {}
    for name, value in trials[0].params.items():
        *sections, key = name.split(".")
        reduce(lambda inner, section: inner.setdefault(section, {}), sections, best)[key] = value
    write_text(folder / "best.yaml", yaml.safe_dump(best, sort_keys=False))
    in_order = sorted(trials, key=lambda trial: trial.number)
    with atomic_write(folder / "sweep.png") as file:
        file.write(sweep_scores([trial.params for trial in in_order], [_score(trial) for trial in in_order], monitor))
    log.info(f"sweep: best validation {monitor} {_score(trials[0]):.4f}; train with --config {folder / 'best.yaml'}")
    failed = len(study.get_trials(states=(TrialState.PRUNED,)))
    metrics = {"validation": {monitor: _score(trials[0])}}
    return write_result(
        config.output_dir,
        "sweep",
        seed=config.seed,
        data=study.user_attrs["data"],
        metrics=metrics,
        seconds=seconds,
        best=best,
        trials=rows,
        failed=failed,
    )


def _shown(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {f'{value:.4g}' if isinstance(value, float) else value}" for name, value in settings.items()
    )
