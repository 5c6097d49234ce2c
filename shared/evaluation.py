"""What `evaluate` and `baseline` of several projects do: score predictions and write the result."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.console import log
from shared.data.examples import Data, Examples
from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.data.splits import stratified_split
from shared.metrics.calibration import as_probabilities, calibrate
from shared.metrics.classification import calibration_error, classification_scores, wilson_interval
from shared.metrics.multilabel import choose_thresholds, label_scores
from shared.process import keep_freed_memory
from shared.results import headline, read_evaluation, write_result
from shared.training.checkpoint import Checkpoint


def held_out(data: Data) -> dict[str, Examples]:
    """The validation and test splits, by name; the test split alone where the data was read for `evaluate --on`."""
    both = {"validation": data.splits.validation, "test": data.splits.test}
    return {name: split for name, split in both.items() if len(split)}


@torch.no_grad()
def logits_in_batches(model: Callable[[Any], Tensor], inputs: Any, batch_size: int = 1024) -> Tensor:
    """The logits, float [N, classes], for a column of N inputs."""
    keep_freed_memory()
    return torch.cat([model(batch) for batch in in_batches(inputs, batch_size)])


def logits_by_split(
    model: Callable[[Any], Tensor], data: Data, column: str, batch_size: int = 1024
) -> dict[str, Tensor]:
    """The logits of each held-out split, float [N, classes]; `column` is what the inputs are called in `data`."""
    return {name: logits_in_batches(model, split[column], batch_size) for name, split in held_out(data).items()}


def classifier_scores(
    config: Any, trained: Checkpoint, data: Data, logits: Mapping[str, Tensor]
) -> tuple[dict[str, Any], float]:
    """All scores of the logits of each split, float [N, classes], and the temperature that fits validation best.

    The thresholds of several labels an example (see `choose_thresholds`) are those of the validation split, too.
    """
    labels, several = data.splits.validation["labels"], data.several_labels
    if "validation" in logits:
        temperature, thresholds = calibrate(logits["validation"], labels, data.classes)
    else:
        temperature, thresholds = earlier_calibration(config, trained)
    data.predicted.update({name: as_probabilities(values / temperature, several) for name, values in logits.items()})
    metrics = {}
    for name, split in held_out(data).items():
        found, truth = data.predicted[name], split["labels"]
        if several:
            metrics[name] = label_scores(found, truth, data.classes, thresholds)
        else:
            metrics[name] = classification_scores(found, truth, data.classes)
        before = calibration_error(as_probabilities(logits[name], several), truth)  # at temperature 1
        metrics[name]["calibration_error_before"] = before
    return metrics, temperature


def earlier_calibration(config: Any, trained: Checkpoint) -> tuple[float, list[float]]:
    """What `evaluate` fitted for these weights (see `calibrate`); 1 and one half, with a warning, if it has not."""
    measured = read_evaluation(config.output_dir, trained.digest)
    if measured is not None:
        rows = measured["metrics"]["test"]["per_class"].values()
        return float(measured["temperature"]), [row.get("threshold", 0.5) for row in rows]
    log.warning(
        "`evaluate` has not measured these weights on their validation split, so their probabilities are not "
        "calibrated; run `python main.py evaluate`, then this command again."
    )
    return 1.0, [0.5] * len(trained.metadata["classes"])


def accuracy_summary(metrics: Mapping[str, Any]) -> dict[str, str]:
    """The scores of the test split, as rows for people; without a validation split, also what is confused most."""
    test = metrics["test"]
    name, value, low, high = headline(test)
    score = f"{value:.4f} (95 % interval {low:.4f} to {high:.4f})"
    titles = {
        "mean_average_precision": "mean average precision",
        "macro_f1_at_half": "macro-F1 with one half for every label",
        "macro_f1": "macro-F1",
        "calibration_error": "calibration error",
    }
    rows = {title: f"{test[key]:.4f}" for key, title in titles.items() if key in test and title != name}
    if "validation" in metrics:
        both = {f"validation {name}": f"{headline(metrics['validation'])[1]:.4f}", f"test {name}": score}
        return both | {f"test {row}": text for row, text in rows.items()}
    if "confusion" in test:
        rows["most often confused"] = confusions(test["confusion"], list(test["per_class"])) or "none"
    return {name: f"{score} of {test['examples']:,} examples"} | rows


def confusions(counts: list[list[int]], classes: Sequence[str], most: int = 3) -> str:
    """The pairs of classes that are confused most often, from a confusion matrix, rows the true classes."""
    wrong = [
        (count, f"{classes[truth]} as {classes[predicted]} ({count:,})")
        for truth, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if count and truth != predicted
    ]
    return ", ".join(text for _, text in sorted(wrong, key=lambda pair: -pair[0])[:most])


def write_evaluation(
    config: Any,
    trained: Checkpoint,
    data: Data,
    metrics: Mapping[str, Any],
    summary: Mapping[str, str],
    on: Path | None = None,
    **details: Any,
) -> dict[str, Any]:
    """Log the summary and write outputs/evaluate.json, or outputs/evaluate-on.json.

    Args:
        summary: what the table of `run` and the first lines of the report show.
        on: where the examples were read for `evaluate --on`.
        details: further entries of the file, as plain types.
    """
    place = f" on {on}" if on else ""
    log.info(f"evaluate{place}: {'; '.join(f'{name} {value}' for name, value in summary.items())}")
    return write_result(
        config.output_dir,
        "evaluate-on" if on else "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.metadata["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - trained.read_at,
        summary=dict(summary),
        checkpoint=trained.digest,
        test_examples=test_examples(data, config.seed),
        epoch=trained.metadata["epoch"],
        parameters=trained.metadata["parameters"],
        first_weights=trained.metadata["first_weights"],
        **details,
    )


def test_examples(data: Data, seed: int) -> str:
    """A digest of the test split's names and labels: equal where runs were measured on the same examples.

    It is the same whatever size or form the examples were read in; a sample drawn from a seed is another for each seed.
    """
    test, drawn = data.splits.test, seed if data.record.source == "sample" else None
    labels = test["labels"].tolist() if isinstance(test.columns.get("labels"), Tensor) else None
    return hashlib.sha256(repr((test.names, labels, drawn)).encode()).hexdigest()


def beside_baselines(results: Mapping[str, Mapping[str, Any]]) -> tuple[bool, str]:
    """Whether the network beats the best baseline beyond the interval of its test score, and a sentence on it.

    The best baseline is the one with the highest validation score, because nothing is chosen on the test split. Where
    it is not beaten, the sentence names what to try first.

    Args:
        results: what train, evaluate and baseline have written.
    """
    baselines = results["baseline"]["metrics"]
    best = max(baselines, key=lambda name: headline(baselines[name]["validation"])[1])
    other = headline(baselines[best]["test"])[1]
    name, score, low, high = headline(results["evaluate"]["metrics"]["test"])
    scores = f"test {name} {score:.4f} ({low:.4f} to {high:.4f}) beside {other:.4f} of {best}, the best on validation"
    if low > other:
        return True, f"beaten: {scores}"
    verdict = "better than the network" if high < other else "not beaten beyond the interval"
    return False, f"{verdict}: {scores}; try first: {what_to_try(results['train'])}"


ENOUGH_STEPS = 1000
"""Optimizer steps after which a network of this size has usually learned what it can; a rule of thumb."""


def what_to_try(train: Mapping[str, Any]) -> str:
    """The command that most likely improves a network, from train.json: what it names itself, else longer training."""
    epochs, steps = len(train["history"]), train["steps"]
    if train.get("try_first"):
        return f"`python main.py run {train['try_first']}`"
    if steps and (steps < ENOUGH_STEPS or train["best_epoch"] == epochs):
        longer = max(2, min(5, round(ENOUGH_STEPS / steps))) * epochs
        return f"`python main.py run --training.epochs {longer}` (it had {steps:,} optimizer steps)"
    return "`python main.py sweep`, which searches for better settings"


def accuracy_score(model: Any, inputs: Any, labels: Tensor) -> dict[str, Any]:
    """The accuracy of a scikit-learn classifier with its 95 % interval."""
    predictions = np.concatenate([model.predict(batch) for batch in in_batches(inputs, 1024)])
    right = int((predictions == labels.numpy()).sum())
    return {"accuracy": right / len(labels), "accuracy_interval": list(wilson_interval(right, len(labels)))}


def fit_baselines(
    config: Any,
    data: Data,
    models: Mapping[str, Any],
    inputs: Mapping[str, Any],
    score: Callable[[Any, Any, Tensor], dict[str, Any]] = accuracy_score,
    cost: Callable[[Any], dict[str, Any]] = lambda _: {},
    most: int | None = None,
) -> dict[str, Any]:
    """Fit scikit-learn classifiers on the training split, measure them on the others, write outputs/baseline.json.

    Args:
        models: the classifiers by name.
        inputs: what the models read, by the name of the split: a column of it, or what was computed from one.
        score: from a model, inputs and labels to metrics; `accuracy` is among them.
        cost: from a fitted model to what it costs, such as its size in bytes.
        most: the number of training examples that fit into memory; of more, a sample with all classes is fitted on.
    """
    started = time.perf_counter()
    train, labels, sampled = inputs["train"], data.splits.train["labels"], {}
    if most is not None and len(labels) > most:
        _, chosen = stratified_split(labels.numpy(), most / len(labels), config.seed, data.classes)
        log.info(f"baseline: fitted on {len(chosen):,} of {len(labels):,} training examples, drawn from each class")
        train = train.at(chosen) if hasattr(train, "at") else train[chosen]
        labels, sampled = labels[chosen], {"fitted_on": len(chosen)}
    train = train[:] if isinstance(train, Rows) else train
    metrics: dict[str, Any] = {}
    for name, model in models.items():
        fit_started = time.perf_counter()
        model.fit(train, labels.numpy())
        seconds = time.perf_counter() - fit_started
        metrics[name] = {"fit_seconds": round(seconds, 2)} | cost(model)
        if data.several_labels:
            metrics[name] |= _scores_of_labels(model, inputs, data)
        else:
            metrics[name] |= {part: score(model, inputs[part], held["labels"]) for part, held in held_out(data).items()}
        scored = "test {} {:.4f}".format(*headline(metrics[name]["test"]))
        log.info(f"baseline: {name}: {scored}, fitted in {seconds:.1f} s")
    summary = {name: f"{headline(row['test'])[1]:.4f} on the test split" for name, row in metrics.items()}
    return write_baselines(config, data, metrics, summary, started, **sampled)


def _scores_of_labels(model: Any, inputs: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """The scores of a model of several labels, by split; its thresholds are chosen on validation, as the network's."""
    found, splits = {}, held_out(data)
    for name in splits:
        decisions = np.concatenate([model.decision_function(batch) for batch in in_batches(inputs[name], 1024)])
        found[name] = torch.from_numpy(decisions).sigmoid()
    thresholds = choose_thresholds(found["validation"], splits["validation"]["labels"], data.classes)
    return {name: label_scores(found[name], held["labels"], data.classes, thresholds) for name, held in splits.items()}


def write_baselines(
    config: Any, data: Data, metrics: Mapping[str, Any], summary: Mapping[str, str], started: float, **details: Any
) -> dict[str, Any]:
    """Write outputs/baseline.json (see `write_evaluation`)."""
    return write_result(
        config.output_dir,
        "baseline",
        seed=config.seed,
        data=data.as_dict(),
        metrics=metrics,
        seconds=time.perf_counter() - started,
        summary={f"baseline, {name}": value for name, value in summary.items()},
        **details,
    )
