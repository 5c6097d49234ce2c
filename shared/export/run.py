"""What `export` of several projects does: measure the precisions, choose one, write the file and the result."""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from shared.config import leaves, to_plain
from shared.console import log
from shared.data.examples import Data
from shared.data.memory import in_batches
from shared.evaluation import logits_in_batches
from shared.export.card import write_card
from shared.export.examples import Example, pick_examples, write_examples
from shared.export.mobile import mobile_usability
from shared.export.precision import NAMES, Run, choose_precision, compare, in_precision, names_to_measure
from shared.export.to_onnx import PARITY_BATCHES, TOLERANCE, trace_classifier, write_manifest, write_model
from shared.files import file_digest
from shared.inference.model import onnx_function
from shared.metrics.calibration import calibrate
from shared.metrics.multilabel import average_precision
from shared.results import read_evaluation, read_result, versions, write_result
from shared.settings import model_path
from shared.training.checkpoint import Checkpoint

BATCH = 256
CALIBRATION_INPUTS = 128
"""Training inputs whose activations set the ranges of int8."""


def torch_function(network: nn.Module) -> Run:
    """A PyTorch network as a function of arrays, without gradients."""

    @torch.no_grad()
    def run(batch: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = network(torch.from_numpy(batch)).numpy()
        return outputs

    return run


def export_measured(
    config: Any,
    project: Path,
    trained: Checkpoint,
    traced: tuple[onnx.ModelProto, float],
    *,
    eager: Run,
    calibration: Sequence[np.ndarray],
    timed: Sequence[np.ndarray],
    score: Callable[[Run], float],
    score_name: str,
    metadata: Mapping[str, Any],
    examples: Sequence[Example],
    **details: Any,
) -> dict[str, Any]:
    """Write the network in the precision that pays on this machine, and outputs/export.json.

    Weights that were exported before keep the precision that was chosen then, so the file has the same bytes each time:
    timing would not repeat the choice exactly.

    Args:
        project: the project's folder.
        traced: the model in fp32, and its largest difference from PyTorch.
        eager: the PyTorch network, to compare the speed with.
        calibration: inputs from the training split, each as the model takes it; they set the ranges of int8.
        timed: inputs, each as the model takes it, whose speed is measured one after the other.
        score: from a network to its validation score; higher is better, 1 is perfect.
        score_name: the score's name in results.
        metadata: what the file records beside `export_metadata`, as plain types.
        examples: what the page offers to click.
        details: further entries of export.json, as plain types.
    """
    model, difference = traced
    choice = {  # what the precision depends on, beside the noise of timing
        "checkpoint": trained.digest,
        "wanted": config.export.precision,
        "processor": platform.processor() or platform.machine(),
        "versions": versions(),
    }
    before = read_result(config.output_dir, "export") if (config.output_dir / "export.json").is_file() else {}
    if before.get("choice") == choice:
        precision, reason = before["precision"], before["reason"]
        exported = in_precision(model, precision, calibration)
        measured = {name: row for name, row in before["metrics"].items() if name in NAMES}
    else:
        models = {name: in_precision(model, name, calibration) for name in names_to_measure(config.export.precision)}
        runs = {"pytorch": eager} | {name: onnx_function(one) for name, one in models.items()}
        measured = {
            name: {"per_second": speed, "bytes": models[name].ByteSize() if name in models else None, score_name: value}
            for name, (speed, value) in compare(runs, timed, score).items()
        }
        precision, reason = choose_precision(measured, config.export.precision, score_name)
        exported = models[precision]
    path, recorded = model_path(project, config), export_metadata(config, trained)
    recorded |= {"labels": trained.metadata["classes"], "predict": to_plain(config.predict, project)}
    write_model(exported, path, {**recorded, **metadata, "precision": precision})
    write_examples(path.parent, examples)
    details |= {"measured": measured, "choice": choice}
    return write_export(config, project, trained, difference, precision, reason, **details)


def write_export(
    config: Any,
    project: Path,
    trained: Checkpoint,
    difference: float,
    precision: str,
    reason: str,
    measured: Mapping[str, Any] | None = None,
    **details: Any,
) -> dict[str, Any]:
    """Write outputs/export.json, a model card and a manifest about the exported file (see `export_measured`)."""
    path = model_path(project, config)
    log.info(f"export: {path}, {precision}: {reason}")
    result = write_result(
        config.output_dir,
        "export",
        seed=trained.metadata["seed"],
        data=trained.metadata["data"],
        metrics={"largest_difference": difference, "tolerance": TOLERANCE, **(measured or {})},
        seconds=time.perf_counter() - trained.read_at,
        precision=precision,
        reason=reason,
        batch_sizes=list(PARITY_BATCHES),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        checkpoint=trained.digest,
        mobile=mobile_usability(path),
        **details,
    )
    write_card(config, project, trained, path, result)
    write_manifest(path.parent)
    return result


def export_classifier(
    config: Any,
    project: Path,
    trained: Checkpoint,
    data: Data,
    network: nn.Module,
    column: str,
    metadata: Mapping[str, Any],
    encode: Callable[[Tensor], bytes],
    traced: nn.Module | None = None,
    more_outputs: Sequence[str] = (),
    batch_size: int = BATCH,
) -> dict[str, Any]:
    """Export a classifier of inputs of one shape (see `export_measured`), with probabilities that are calibrated.

    The metadata `thresholds` says from which probability on each label is predicted, where an example has several.

    Args:
        network: from inputs [N, ...] to logits [N, classes].
        column: what the inputs are called in `data`, and in the file.
        encode: from one input to a file that people can open, for the examples of the page.
        traced: what the file holds, if it is more than `network`: from inputs to logits and `more_outputs`.
        batch_size: how many inputs are computed at once.
    """
    inputs, labels = data.splits.validation[column], data.splits.validation["labels"]
    logits, several = logits_in_batches(network, inputs, batch_size), data.several_labels
    temperature, thresholds = calibrate(logits, labels, data.classes)
    calibration = data.splits.train[column][:CALIBRATION_INPUTS].numpy()

    def score(run: Run) -> float:
        found = torch.from_numpy(np.concatenate([run(batch.numpy()) for batch in in_batches(inputs, batch_size)]))
        if several:
            return float(average_precision(found, labels).nanmean())
        return float((found.argmax(1) == labels).double().mean())

    return export_measured(
        config,
        project,
        trained,
        trace_classifier(
            traced or network,
            inputs[:BATCH],
            column,
            temperature=temperature,
            more_outputs=more_outputs,
            several_labels=several,
        ),
        eager=torch_function(network),
        calibration=list(calibration[:, None]),  # one at a time: [1, ...]
        timed=[inputs[:1].numpy()],
        score=score,
        score_name="mean_average_precision" if several else "accuracy",
        metadata={**metadata, "temperature": temperature} | ({"thresholds": thresholds} if several else {}),
        examples=pick_examples(data, column, encode, config.export.examples),
        temperature=temperature,
    )


def export_metadata(config: Any, trained: Checkpoint) -> dict[str, Any]:
    """What every exported file records, with the test scores where these weights have been evaluated."""
    metadata, measured = trained.metadata, read_evaluation(config.output_dir, trained.digest)
    scores = leaves(measured["metrics"]["test"], ("per_class", "by_image")) if measured else ()
    recorded = {
        "checkpoint": trained.digest,
        "data": metadata["data"],
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]},
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "first_weights": metadata["first_weights"],
        "versions": versions(),
    }
    short = {name: value for name, value in scores if isinstance(value, int | float) or name.endswith("interval")}
    return recorded | ({"test_metrics_fp32": short} if measured else {})
