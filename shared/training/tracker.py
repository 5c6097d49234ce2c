"""Experiment trackers (`training.tracker`) through Accelerate's interface, beside TensorBoard and metrics.jsonl.

What a tracker is sent goes through a thread: a server that is slow or down costs a training nothing but a warning.
"""

import os
import queue
import threading
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.config import leaves, require
from shared.console import log
from shared.process import is_main_process
from shared.results import read_evaluation, read_result
from shared.training.state import Progress

ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # in place of minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # at the end of each verb, and twice
}
"""What MLflow is told; variables that are set already stay."""
FIRST_WAIT, LAST_WAIT = 60.0, 60.0
"""Seconds that a training waits for the tracker to begin its run, and at the end for what has not been sent."""


def require_tracker(name: str) -> None:
    """Refuse a tracker whose package is not installed."""
    advice = f"a tracker that is installed; `pip install {name}` installs it"
    require(name == "none" or find_spec(name) is not None, "training.tracker", name, advice)


class Tracker:
    """A run of a tracker; only its beginning and its end may take a while."""

    def __init__(self, name: str, project: str, run: str, found: Callable[[str], object], options: Any) -> None:
        """Begin a run, or go on with the earlier one that `run` identifies.

        Args:
            project: the name that the tracker files the run under.
            found: is called with what identifies the run.
            options: of a new run, for the tracker.
        """
        self.name = name
        self._work: queue.SimpleQueue[Callable[[Any], object] | None] = queue.SimpleQueue()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._send, args=(project, run, found, options), daemon=True)
        self._thread.start()
        self._begun.wait(FIRST_WAIT)  # so that the first saved state knows which run to go on with

    def send(self, message: Callable[[Any], object]) -> None:
        """Call `message` with Accelerate's tracker, later and in the order of the messages."""
        self._work.put(message)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log the values of one step."""
        self.send(lambda tracker: tracker.log(dict(values), step=step))

    def close(self) -> None:
        """End the run, after a while at most: what the tracker has not taken by then is lost, and a warning says so."""
        self._work.put(None)
        self._thread.join(LAST_WAIT)
        if self._thread.is_alive():
            log.warning(f"{self.name} has not taken all of this run after {LAST_WAIT:.0f} s; the rest is lost to it.")

    def _send(self, project: str, run: str, found: Callable[[str], object], options: dict[str, Any]) -> None:
        try:
            tracker, identity = _open(self.name, project, run, options)
            found(identity)
            self._begun.set()
            while message := self._work.get():
                message(tracker)
            tracker.finish()
        except Exception as error:  # each tracker has errors of its own, and none may end a training
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            log.warning(
                f"{self.name} gets no more of this run ({reason[:200]}); TensorBoard and outputs/ have all of it."
            )
        finally:
            self._begun.set()


def _open(name: str, project: str, run: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Accelerate's tracker, started, and what identifies its run."""
    from accelerate import PartialState
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS

    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    PartialState()  # Accelerate's trackers ask it which process they are in
    if name == "mlflow":
        options = {"run_id": run} if run else {"run_name": options["name"]}
    elif run:
        options = options | {"id" if name == "wandb" else "name": run, "resume": "allow"}
    tracker = LOGGER_TYPE_TO_CLASS[name](project, **options)
    tracker.start()
    of_run = {"mlflow": lambda: tracker.tracker.info.run_id, "wandb": lambda: tracker.run.id}
    return tracker, str(of_run.get(name, lambda: tracker.run.name)())


def start_tracker(config: Any, project: Path, metadata: Mapping[str, Any], progress: Progress) -> Tracker | None:
    """The tracker of a training, which is sent the settings of a new run; None without one, and on other processes.

    Args:
        metadata: what the checkpoints hold about the run.
        progress: holds which run of the tracker a resumed training goes on with.
    """
    name = config.training.tracker
    if name == "none" or not is_main_process():
        return None
    before = progress.tracker if progress.tracker.get("name") == name else {}

    def found(run: str) -> None:
        log.info(f"train: {name} {'goes on with' if before else 'begins'} run {run} of {project.name}")
        progress.tracker = {"name": name, "project": project.name, "run": run}

    options = _options(name, config.log_dir) | {"name": progress.log_name}
    tracker = Tracker(name, before.get("project", project.name), before.get("run", ""), found, options)
    if not before or name == "trackio":
        _send_settings(tracker, config, metadata)
    return tracker


def _send_settings(tracker: Tracker, config: Any, record: Mapping[str, Any]) -> None:
    """Send the settings of a run; trackio forgets them each time that it goes on with one, so it gets them again."""
    settings = dict(leaves(record["config"], config.NOT_TRAINED))
    settings |= {"data": record["data"]["source"], "data_digest": record["data"]["digest"]}
    settings |= {"parameters": record["parameters"]}
    tracker.send(lambda tracker: tracker.store_init_configuration(settings))


def _options(name: str, log_dir: Path) -> dict[str, str]:
    return {"dir": str(log_dir)} if name == "wandb" else {}


RESULTS = ("train", "evaluate", "baseline", "export", "report")
"""The verbs that measure or write something about a run."""


def send_results(config: Any, verb: str) -> None:
    """Add what a verb has written to the run in the tracker that its training began.

    The scores of `evaluate` become metrics. MLflow also gets the files as artifacts, and the exported network as a new
    version in its model registry.
    """
    folder: Path = config.output_dir
    verbs = [one for one in RESULTS if verb in (one, "run")]
    train = read_result(folder, "train") if verbs and (folder / "train.json").is_file() else {}
    began, measured = train.get("tracker"), None
    if began and "evaluate" in verbs:
        measured = read_evaluation(folder, train["checkpoint"])
    if not began or not (measured or began["name"] == "mlflow"):
        return
    tracker = Tracker(began["name"], began["project"], began["run"], str, _options(began["name"], config.log_dir))
    if began["name"] == "trackio":
        _send_settings(tracker, config, train)
    if measured:
        scores = {name.replace(".", "/"): value for name, value in leaves(measured["metrics"], ())}
        totals = {name: value for name, value in scores.items() if isinstance(value, float) and "per_class" not in name}
        tracker.log(totals, train["steps"])
    if began["name"] == "mlflow":
        for one in verbs:
            file = folder / ("report.html" if one == "report" else f"{one}.json")
            tracker.send(partial(_add_file, file))
        if "export" in verbs:
            model = folder / "export" / read_result(folder, "export")["file"]
            tracker.send(lambda _: _register(model, began["project"]))
    tracker.close()


def _add_file(file: Path, tracker: Any) -> None:
    if file.is_file():  # `evaluate --on` leaves another
        tracker.log_artifact(str(file))


def _register(model: Path, project: str) -> None:
    import onnx

    requirements = ["onnxruntime", "numpy"]  # else MLflow looks for them by loading the model in another process
    settings = {"registered_model_name": project, "pip_requirements": requirements}
    import_module("mlflow.onnx").log_model(onnx.load(model), name="model", **settings)
