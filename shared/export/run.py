"""What the verb `export` of several projects does: measure the precisions, choose one, write file and result."""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from shared.config import to_plain
from shared.console import log
from shared.data.examples import Data
from shared.evaluation import logits_in_batches
from shared.export.mobile import mobile_usability
from shared.export.precision import Candidate, choose_precision, compare, figures, quantized_versions
from shared.export.to_onnx import Parity, trace_classifier, write_manifest, write_model
from shared.files import file_digest
from shared.inference.model import as_function
from shared.metrics.calibration import fit_temperature
from shared.results import evaluated_scores, read_result, versions, write_result
from shared.training.checkpoint import Checkpoint

BATCH = 256
CALIBRATION_INPUTS = 128
"""Training inputs whose activations set the ranges of int8."""

Run = Callable[[np.ndarray], np.ndarray]
"""From a batch of inputs to the network's outputs, [N, classes, ...]."""


def as_run(network: nn.Module) -> Run:
    """A PyTorch network as a function of arrays, without gradients."""

    @torch.no_grad()
    def run(batch: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = network(torch.from_numpy(batch)).numpy()
        return outputs

    return run


def accuracy_of(run: Run, inputs: np.ndarray, labels: np.ndarray, batch_size: int = BATCH) -> float:
    """The share of inputs, [N, ...], whose largest output is that of their label, int [N]."""
    starts = range(0, len(inputs), batch_size)
    predictions = np.concatenate([run(inputs[start : start + batch_size]).argmax(1) for start in starts])
    return float((predictions == labels).mean())


def export_measured(
    traced: tuple[onnx.ModelProto, Parity],
    *,
    eager: Run,
    calibration: Sequence[np.ndarray],
    timed: Sequence[np.ndarray],
    score: Callable[[Run], float],
    score_name: str,
    trained: Checkpoint,
    config: Any,
    path: Path,
    project: Path,
    metadata: Mapping[str, Any],
    test_scores: Sequence[str],
    started: float,
    **details: Any,
) -> dict[str, Any]:
    """Write the network in the precision that pays on this machine, and outputs/export.json.

    Weights that were exported before keep the precision that was chosen then, so the file has the same bytes each time.

    Args:
        traced: the model in fp32 and how far it is from PyTorch.
        eager: the PyTorch network, to compare the speed with.
        calibration: inputs from the training split, each as the model takes it; they set the ranges of int8.
        timed: inputs, each as the model takes it, whose speed is measured one after the other.
        score: from a network to its validation score; higher is better, 1 is perfect.
        score_name: the score's name in results.
        path: the file to write.
        project: the project's folder.
        metadata: what the file says beside the general facts, as plain types.
        test_scores: the names of the test scores that the file repeats, where these weights have been evaluated.
        started: the value of `time.perf_counter` when the export began.
        details: what export.json holds beside that, as plain types.
    """
    model, parity = traced
    models = quantized_versions(model, config.export.precision, calibration)

    def make_candidate(run: Run) -> Candidate:
        return Candidate(partial(_run_each, run, timed), partial(score, run), len(timed))

    choice = _chosen_before(config, trained) or _choose(
        compare(make_candidate(eager), models, lambda model: make_candidate(as_function(model))), config, score_name
    )
    facts = export_facts(config, trained, test_scores)
    facts |= {"labels": trained.metadata["classes"], "predict": to_plain(config.predict, project)}
    write_model(models[choice["precision"]], path, facts | dict(metadata) | {"precision": choice["precision"]})
    write_manifest(path.parent)
    return write_export(
        config,
        trained,
        path,
        parity,
        started,
        measured=choice["measured"],
        precision=choice["precision"],
        reason=choice["reason"],
        choice=_circumstances(config, trained),
        **details,
    )


def write_export(
    config: Any,
    trained: Checkpoint,
    path: Path,
    parity: Parity,
    started: float,
    *,
    precision: str,
    reason: str,
    measured: Mapping[str, Any] | None = None,
    **details: Any,
) -> dict[str, Any]:
    """Write outputs/export.json about the exported file `path` (see `export_measured`)."""
    log.info(f"export: {path}, {precision}: {reason}")
    parity_metrics = {"largest_difference": parity.largest_difference, "tolerance": parity.tolerance}
    return write_result(
        config.output_dir,
        "export",
        seed=trained.metadata["seed"],
        data=trained.metadata["data"],
        metrics=parity_metrics | dict(measured or {}),
        seconds=time.perf_counter() - started,
        precision=precision,
        reason=reason,
        batch_sizes=list(parity.batch_sizes),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        mobile=mobile_usability(path),
        **details,
    )


def export_classifier(
    network: nn.Module,
    data: Data,
    column: str,
    trained: Checkpoint,
    config: Any,
    path: Path,
    project: Path,
    metadata: Mapping[str, Any],
    started: float,
) -> dict[str, Any]:
    """Export a classifier of inputs of one shape (see `export_measured`), with probabilities that are calibrated.

    Args:
        network: from inputs [N, ...] to logits [N, classes].
        column: what the inputs are called in `data`, and in the file.
    """
    validation = data.splits.validation
    inputs, labels = validation[column], validation["labels"]
    temperature = fit_temperature(logits_in_batches(network, inputs, BATCH), labels)
    calibration = data.splits.train[column][:CALIBRATION_INPUTS].numpy()
    return export_measured(
        trace_classifier(network, inputs, column, temperature=temperature),
        eager=as_run(network),
        calibration=list(calibration[:, None]),  # one at a time: [1, ...]
        timed=[inputs[:1].numpy()],
        score=partial(accuracy_of, inputs=inputs.numpy(), labels=labels.numpy()),
        score_name="accuracy",
        trained=trained,
        config=config,
        path=path,
        project=project,
        metadata={**metadata, "temperature": temperature},
        test_scores=("accuracy", "accuracy_interval", "macro_f1", "examples"),
        started=started,
        temperature=temperature,
    )


def _run_each(run: Run, inputs: Sequence[np.ndarray]) -> None:
    for one in inputs:
        run(one)


def _choose(measured: Mapping[str, Any], config: Any, score_name: str) -> dict[str, Any]:
    precision, reason = choose_precision(
        measured, config.export.precision, score_name.replace("_", " ").replace("iou", "IoU")
    )
    return {"precision": precision, "reason": reason, "measured": figures(measured, score_name)}


def _circumstances(config: Any, trained: Checkpoint) -> dict[str, Any]:
    """What the choice of a precision depends on, beside the noise of timing."""
    return {
        "checkpoint": file_digest(trained.path),
        "wanted": config.export.precision,
        "processor": platform.processor() or platform.machine(),
        "versions": versions(),
    }


def _chosen_before(config: Any, trained: Checkpoint) -> dict[str, Any] | None:
    """The choice in export.json, where it was made under the same circumstances: timing would not repeat it exactly."""
    if not (config.output_dir / "export.json").is_file():
        return None
    before = read_result(config.output_dir, "export")
    if before.get("choice") != _circumstances(config, trained):
        return None
    parity = ("largest_difference", "tolerance")
    measured = {name: row for name, row in before["metrics"].items() if name not in parity}
    return {"precision": before["precision"], "reason": before["reason"], "measured": measured}


def export_facts(config: Any, trained: Checkpoint, test_scores: Sequence[str]) -> dict[str, Any]:
    """What every exported file says of itself, with these test scores where these weights have been evaluated."""
    metadata = trained.metadata
    facts = {
        "data": metadata["data"],
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]},
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "first_weights": metadata["first_weights"],
        "versions": versions(),
    }
    scores = evaluated_scores(config.output_dir, file_digest(trained.path))
    return facts | ({"test_metrics_fp32": {name: scores[name] for name in test_scores}} if scores else {})
