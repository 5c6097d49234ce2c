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
from shared.console import say
from shared.data.memory import Batch
from shared.data.sources import require_same_classes
from shared.export.mobile import mobile_usability
from shared.export.precision import Measured, Way, candidates, choose_precision, compare, figures
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
    about, data, path = trained.about, load_data(config), export_path(config)
    require_same_classes(about["classes"], data.classes)
    network, validation = restore_model(config, trained), data.parts.validation
    temperature = fit_temperature(logits_of(network, validation), validation["labels"])
    model, parity = trace_classifier(network, validation["samples"], "samples", temperature=temperature)
    calibration = data.parts.train["samples"][:CALIBRATION_CLIPS].numpy()
    models = candidates(model, config.export.precision, list(calibration[:, None]))
    measured = measure_all(network, models, validation)
    precision, reason = choose_precision(measured, config.export.precision, "accuracy")
    metadata = _metadata(config, about, precision, temperature) | _test_metrics(config, file_digest(trained.path))
    write_model(models[precision], path, metadata)
    write_manifest(path.parent)
    say(f"export: {path}, {precision}: {reason}")
    return write_result(
        config.output_dir,
        "export",
        seed=about["seed"],
        data=about["data"],
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

    def way_of(network: Answers) -> Way:
        return Way(partial(network, samples[:1]), partial(_accuracy, network, samples, labels))

    return compare(way_of(eager), models, lambda model: way_of(as_function(model)))


def _accuracy(network: Answers, samples: np.ndarray, labels: np.ndarray) -> float:
    parts = range(0, len(samples), BATCH)
    answers = np.concatenate([network(samples[start : start + BATCH]).argmax(1) for start in parts])
    return float((answers == labels).mean())


def _metadata(config: Config, about: dict[str, Any], precision: str, temperature: float) -> dict[str, Any]:
    data = about["config"]["data"]
    return {
        "labels": about["classes"],
        "input": "int16 samples, [N, samples], one channel; the log-mel features are part of the network",
        "preparation": {
            "sample_rate": data["sample_rate"],
            "samples": round(data["sample_rate"] * data["seconds"]),
            "silent_below": SILENT_BELOW,
        },
        "temperature": temperature,
        "precision": precision,
        "predict": to_plain(config.predict, PROJECT),
        "data": about["data"],
        "first_weights": {"source": "random", "licence": ""},
        "seed": about["seed"],
        "metrics": {"validation": about["metrics"]},
        "parameters": about["parameters"],
        "model": about["config"]["model"],
        "versions": versions(),
    }


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights before rounding, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    names = ("accuracy", "accuracy_interval", "macro_f1", "examples")
    return {"test_metrics_fp32": {name: found[name] for name in names}} if found else {}
