"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from shared.config import to_plain
from shared.console import log
from shared.data.memory import Batch
from shared.data.sources import require_same_classes
from shared.export.mobile import mobile_usability
from shared.export.precision import Candidate, Measured, choose_precision, compare, figures, quantized_versions
from shared.export.to_onnx import trace_classifier, write_manifest, write_model
from shared.files import file_digest
from shared.inference.model import as_function
from shared.metrics.calibration import fit_temperature
from shared.results import evaluated_scores, versions, write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import PROJECT, Config, export_path
from src.dataloader import load_data
from src.preparation import SILENT_BELOW
from src.utils import logits_of, restore_model

CALIBRATION_CLIPS = 128
BATCH = 256

Answers = Callable[[np.ndarray], np.ndarray]
"""From clips, int16 [N, samples], to a number for each class, [N, classes]."""


def export(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same answers.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    started = time.perf_counter()
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    metadata, data, path = trained.metadata, load_data(config), export_path(config)
    require_same_classes(metadata["classes"], data.classes)
    network, validation = restore_model(config, trained), data.splits.validation
    temperature = fit_temperature(logits_of(network, validation), validation["labels"])
    model, parity = trace_classifier(network, validation["samples"], "samples", temperature=temperature)
    calibration = data.splits.train["samples"][:CALIBRATION_CLIPS].numpy()
    models = quantized_versions(model, config.export.precision, list(calibration[:, None]))
    measured = measure_all(network, models, validation)
    precision, reason = choose_precision(measured, config.export.precision, "accuracy")
    onnx_metadata = _onnx_metadata(config, metadata, precision, temperature) | _test_metrics(
        config, file_digest(trained.path)
    )
    write_model(models[precision], path, onnx_metadata)
    write_manifest(path.parent)
    log.info(f"export: {path}, {precision}: {reason}")
    return write_result(
        config.output_dir,
        "export",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"largest_difference": parity.largest_difference, "tolerance": parity.tolerance}
        | figures(measured, "accuracy"),
        seconds=time.perf_counter() - started,
        precision=precision,
        reason=reason,
        temperature=temperature,
        batch_sizes=list(parity.batch_sizes),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        mobile=mobile_usability(path),
    )


def measure_all(network: nn.Module, models: dict[str, onnx.ModelProto], validation: Batch) -> dict[str, Measured]:
    """By name, also of PyTorch's eager execution: clips a second, one at a time, and validation accuracy."""
    samples, labels = validation["samples"].numpy(), validation["labels"].numpy()

    @torch.no_grad()
    def eager(batch: np.ndarray) -> np.ndarray:
        logits: np.ndarray = network(torch.from_numpy(batch)).numpy()
        return logits

    def make_candidate(network: Answers) -> Candidate:
        return Candidate(partial(network, samples[:1]), partial(_accuracy, network, samples, labels))

    return compare(make_candidate(eager), models, lambda model: make_candidate(as_function(model)))


def _accuracy(network: Answers, samples: np.ndarray, labels: np.ndarray) -> float:
    starts = range(0, len(samples), BATCH)
    answers = np.concatenate([network(samples[start : start + BATCH]).argmax(1) for start in starts])
    return float((answers == labels).mean())


def _onnx_metadata(config: Config, metadata: dict[str, Any], precision: str, temperature: float) -> dict[str, Any]:
    data = metadata["config"]["data"]
    return {
        "labels": metadata["classes"],
        "input": "int16 samples, [N, samples], one channel; the log-mel features are part of the network",
        "preparation": {
            "sample_rate": data["sample_rate"],
            "samples": round(data["sample_rate"] * data["seconds"]),
            "silent_below": SILENT_BELOW,
        },
        "temperature": temperature,
        "precision": precision,
        "predict": to_plain(config.predict, PROJECT),
        "data": metadata["data"],
        "first_weights": {"source": "random", "license": ""},
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]},
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "versions": versions(),
    }


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights before rounding, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    names = ("accuracy", "accuracy_interval", "macro_f1", "examples")
    return {"test_metrics_fp32": {name: found[name] for name in names}} if found else {}
