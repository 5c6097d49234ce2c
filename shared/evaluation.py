"""What `evaluate` and `baseline` of several projects do: score predictions and write the result."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shared.console import log
from shared.data.examples import Data, Examples
from shared.files import file_digest
from shared.metrics.calibration import calibrated_scores, fit_temperature
from shared.metrics.classification import wilson_interval
from shared.results import write_result
from shared.training.checkpoint import Checkpoint


def held_out(data: Data) -> dict[str, Examples]:
    """The validation and test splits, by name."""
    return {"validation": data.splits.validation, "test": data.splits.test}


@torch.no_grad()
def logits_in_batches(model: nn.Module, inputs: Tensor, batch_size: int = 1024) -> Tensor:
    """The logits, float [N, classes], for inputs [N, ...] of one shape."""
    return torch.cat([model(batch) for batch in torch.split(inputs, batch_size)])


def classifier_scores(logits: Mapping[str, Tensor], data: Data) -> tuple[dict[str, Any], float]:
    """All scores of the logits of each split, float [N, classes], and the temperature that fits validation best."""
    temperature = fit_temperature(logits["validation"], data.splits.validation["labels"])
    metrics = {
        name: calibrated_scores(logits[name], split["labels"], data.classes, temperature)
        for name, split in held_out(data).items()
    }
    return metrics, temperature


def accuracy_summary(metrics: Mapping[str, Any]) -> dict[str, str]:
    """The accuracy of both splits, as rows for people."""
    low, high = metrics["test"]["accuracy_interval"]
    return {
        "validation accuracy": f"{metrics['validation']['accuracy']:.4f}",
        "test accuracy": f"{metrics['test']['accuracy']:.4f} (95 % interval {low:.4f} to {high:.4f})",
    }


def write_evaluation(
    config: Any,
    trained: Checkpoint,
    data: Data,
    metrics: Mapping[str, Any],
    summary: Mapping[str, str],
    started: float,
    **details: Any,
) -> dict[str, Any]:
    """Log the summary and write outputs/evaluate.json.

    Args:
        summary: what the table of `run` and the first lines of the report show.
        started: the value of `time.perf_counter` before the evaluation.
        details: further entries of the file, as plain types.
    """
    log.info(f"evaluate: {'; '.join(f'{name} {value}' for name, value in summary.items())}")
    return write_result(
        config.output_dir,
        "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.metadata["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - started,
        summary=dict(summary),
        checkpoint=file_digest(trained.path),
        epoch=trained.metadata["epoch"],
        parameters=trained.metadata["parameters"],
        first_weights=trained.metadata["first_weights"],
        **details,
    )


def accuracy_score(model: Any, inputs: Any, labels: Tensor) -> dict[str, Any]:
    """The accuracy of a scikit-learn classifier with its 95 % interval."""
    right = int((model.predict(inputs) == labels.numpy()).sum())
    return {"accuracy": right / len(labels), "accuracy_interval": list(wilson_interval(right, len(labels)))}


def fit_baselines(
    config: Any,
    data: Data,
    models: Mapping[str, Any],
    inputs: Mapping[str, Any],
    score: Callable[[Any, Any, Tensor], dict[str, Any]] = accuracy_score,
    cost: Callable[[Any], dict[str, Any]] = lambda _: {},
) -> dict[str, Any]:
    """Fit scikit-learn classifiers on the training split, measure them on the others, write outputs/baseline.json.

    Args:
        models: the classifiers by name.
        inputs: what the models read, by the name of the split.
        score: from a model, inputs and labels to metrics; `accuracy` is among them.
        cost: from a fitted model to what it costs, such as its size in bytes.
    """
    started = time.perf_counter()
    metrics: dict[str, Any] = {}
    for name, model in models.items():
        fit_started = time.perf_counter()
        model.fit(inputs["train"], data.splits.train["labels"].numpy())
        seconds = time.perf_counter() - fit_started
        metrics[name] = {"fit_seconds": round(seconds, 2)} | cost(model)
        metrics[name] |= {split: score(model, inputs[split], held["labels"]) for split, held in held_out(data).items()}
        log.info(f"baseline: {name}: test accuracy {metrics[name]['test']['accuracy']:.4f}, fitted in {seconds:.1f} s")
    summary = {name: f"{row['test']['accuracy']:.4f} on the test split" for name, row in metrics.items()}
    return write_baselines(config, data, metrics, summary, started)


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
