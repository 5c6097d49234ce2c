"""Search for good settings: many short training runs, compared on the validation split, with Optuna.

Optuna's storage holds every finished run, so the same command goes on with a sweep that was stopped, and several
processes or machines that run it at the same time share its trials.
"""

import math
import shutil
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import optuna
import yaml
from filelock import FileLock
from jsonargparse import Namespace
from matplotlib import pyplot as plt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
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
BEAT, GRACE = 10.0, 60.0
"""Seconds between two signs of life of a trial, and after which one without a sign is lost: its worker was killed."""


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


def run_sweep(plan: Plan, config: Any, base: Path, train: Train, storage: str = "") -> dict[str, Any]:
    """Train `plan.trials` times with settings that Optuna chooses; keep the best run's checkpoints.

    The score to raise is the validation metric that `train`'s result names as its `monitor`. Writes
    `outputs/sweep/best.yaml` (for `--config`), `outputs/sweep.json` and `outputs/sweep/sweep.png`. Every process that
    runs the same sweep takes the next trial until all are finished; a trial whose process dies is tried again.

    Args:
        config: the settings that are not searched.
        base: the project's folder.
        storage: the address of a database that the processes share; a journal in the output folder where empty.

    Raises:
        UserError: the storage holds another sweep, or the database cannot be reached.
    """
    require_one_process("each worker of a sweep")
    started = time.perf_counter()
    folder: Path = config.output_dir / "sweep"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "sweep.lock")  # of the moments at which two processes must not interfere
    with lock:
        study = _open_study(_open_storage(folder, storage), base.name if storage else "sweep", plan, config, base)
    said = False
    while True:
        with lock:
            trial = _next_trial(study, plan, config.seed)
        if trial:
            _run_trial(study, trial, config, base, train)
        elif any(one.state == TrialState.RUNNING for one in study.get_trials(deepcopy=False)):
            if not said:
                log.info("sweep: waiting for the trials of other processes")
            said = True
            time.sleep(BEAT / 5)
        else:
            break
        with lock:
            _remove_weights(study, folder)
    with lock:
        return _write_results(study, config, time.perf_counter() - started)


def _open_storage(folder: Path, address: str) -> BaseStorage:
    if not address:
        journal = str(folder / "journal.jsonl")
        return JournalStorage(JournalFileBackend(journal, JournalFileOpenLock(journal)))
    try:
        return RDBStorage(address)
    except Exception as error:  # each database has errors of its own
        raise UserError(f"--storage {address} cannot be used ({' '.join(str(error).split())}).") from error


def _open_study(storage: BaseStorage, name: str, plan: Plan, config: Any, base: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    metadata = {
        "ranges": {name: str(range_) for name, range_ in plan.ranges.items()},
        "config": {
            key: value for key, value in configuration.to_plain(config, base).items() if not key.endswith("_dir")
        },
    }
    _retry_lost_trials(study)
    if study.user_attrs.get("metadata", metadata) != metadata:
        if study.get_trials(states=(*DONE, TrialState.RUNNING)):
            place = f"{config.output_dir / 'sweep'} (or its --storage)"
            raise UserError(f"{place} holds a sweep of other settings; delete it, or choose another --output_dir.")
        optuna.delete_study(study_name=name, storage=storage)
        return _open_study(storage, name, plan, config, base)
    study.set_user_attr("metadata", metadata)
    return study


def _next_trial(study: optuna.Study, plan: Plan, seed: int) -> Trial | None:
    """The next trial, with its settings; None where the trials that are finished or running are enough."""
    _retry_lost_trials(study)
    trials = study.get_trials(deepcopy=False)
    if sum(trial.state in (*DONE, TrialState.RUNNING) for trial in trials) >= plan.trials:
        return None
    # Each trial has its own seed, so that a sweep that was stopped draws what it would have drawn.
    counted = sum(trial.state not in (TrialState.FAIL, TrialState.WAITING) for trial in trials)
    study.sampler = optuna.samplers.TPESampler(seed=seed + 1000 * counted)
    trial = study.ask(plan.ranges)
    trial.set_user_attr("alive", time.time())
    return trial


def _retry_lost_trials(study: optuna.Study) -> None:
    """Let the settings of the trials whose process has shown no sign of life for a while be tried again."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        began = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
        if time.time() - trial.user_attrs.get("alive", began) > GRACE:
            log.warning(f"trial {trial.number + 1} of the sweep has shown no sign of life; it is tried again.")
            _try_again(study, trial)


def _try_again(study: optuna.Study, trial: Trial | FrozenTrial) -> None:
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    study.enqueue_trial(trial.params)


@contextmanager
def _showing_life(trial: Trial) -> Iterator[None]:
    """Note the time in the storage every few seconds, so that other processes know that the trial is running."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            with suppress(Exception):  # a database that is away for a moment
                trial.set_user_attr("alive", time.time())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _run_trial(study: optuna.Study, trial: Trial, config: Any, base: Path, train: Train) -> None:
    """Train once and tell the study the score."""
    folder = Path("sweep", NAME.format(trial.number + 1))
    folders = {"output_dir": config.output_dir / folder, "log_dir": config.log_dir / folder}
    flags = [f"--{key}={value}" for key, value in (trial.params | folders).items()]
    shown = (f"{key} {f'{value:.4g}' if isinstance(value, float) else value}" for key, value in trial.params.items())
    log.info(f"sweep: trial {trial.number + 1}: {', '.join(shown)}")
    plain = configuration.to_plain(config, base)
    try:
        with _showing_life(trial):
            result = train(configuration.parse(type(config), flags, base=base, stored=plain)[0])
        score = result["metrics"]["validation"][result["monitor"]]
        if not math.isfinite(score):
            raise DivergedError(f"validation {result['monitor']} is {score}")
    except DivergedError as error:
        log.info(f"sweep: trial {trial.number + 1} failed: {error}")
        study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        return
    except BaseException:  # a stop, or settings that cannot be trained
        _try_again(study, trial)
        raise
    study.set_user_attr("data", result["data"])
    study.set_user_attr("monitor", result["monitor"])
    with suppress(UpdateFinishedTrialError):  # taken for lost, because this machine slept, and tried again
        trial.set_user_attr("seconds", result["seconds"])
        study.tell(trial, score)


def _remove_weights(study: optuna.Study, folder: Path) -> None:
    """Remove the checkpoints, which take much room, of all trials but the best one and those that are running."""
    folders = list(folder.glob("trial-*"))  # before the states: a trial that begins now is not among them
    running = study.get_trials(states=(TrialState.RUNNING,))
    kept = {NAME.format(trial.number + 1) for trial in (*_finished(study)[:1], *running)}
    for other in folders:
        if other.name not in kept:
            shutil.rmtree(other / "checkpoints", ignore_errors=True)


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
    rows = [
        {"trial": one.number + 1, monitor: one.value, "seconds": one.user_attrs["seconds"], **one.params}
        for one in trials
    ]
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
