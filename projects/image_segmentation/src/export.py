"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from models.model import STRIDE
from shared.config import to_plain
from shared.console import log
from shared.data.sources import require_same_classes
from shared.export.mobile import mobile_usability
from shared.export.precision import Candidate, Measured, choose_precision, compare, figures, quantized_versions
from shared.export.to_onnx import trace_classifier, write_manifest, write_model
from shared.files import file_digest
from shared.inference.model import as_function
from shared.inference.tiles import Dense
from shared.report.overlays import class_colors
from shared.results import evaluated_scores, versions, write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.augmentation import cut_size, window
from src.config import PROJECT, Config, export_path
from src.dataloader import Data, load_data
from src.evaluate import scores_of
from src.utils import as_dense, restore_model

CALIBRATION_IMAGES = 32
PARITY_IMAGES = 5


def export(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same answers.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    started = time.perf_counter()
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    metadata, data, path = trained.metadata, load_data(config), export_path(config)
    require_same_classes(metadata["classes"], data.classes)
    network = restore_model(config, trained)
    cuts = training_cuts(data, config)
    model, parity = trace_classifier(network, torch.from_numpy(cuts[:PARITY_IMAGES]), stride=STRIDE)
    models = quantized_versions(model, config.export.precision, [cut[None] for cut in cuts])
    measured = measure_all(as_dense(network), models, cuts[:1], data, config)
    precision, reason = choose_precision(measured, config.export.precision, "mean IoU")
    onnx_metadata = _onnx_metadata(config, metadata, precision) | _test_metrics(config, file_digest(trained.path))
    write_model(models[precision], path, onnx_metadata)
    write_manifest(path.parent)
    log.info(f"export: {path}, {precision}: {reason}")
    return write_result(
        config.output_dir,
        "export",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"largest_difference": parity.largest_difference, "tolerance": parity.tolerance}
        | figures(measured, "validation_mean_iou"),
        seconds=time.perf_counter() - started,
        precision=precision,
        reason=reason,
        batch_sizes=list(parity.batch_sizes),
        timed_input=list(cuts[:1].shape),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        mobile=mobile_usability(path),
    )


def training_cuts(data: Data, config: Config) -> np.ndarray:
    """The upper left cuts of training images, spread over the split, as the network takes them: uint8 [N, 3, H, W]."""
    train = data.splits.train
    height, width = (max(side, 2 * STRIDE) for side in cut_size(train, config.data))  # the check changes both sides
    count = min(max(CALIBRATION_IMAGES, PARITY_IMAGES), len(train))
    chosen = np.linspace(0, len(train) - 1, count).round().astype(int)
    cuts = [window(train.images[index], 0, 0, height, width) for index in chosen]
    return np.stack(cuts).transpose(0, 3, 1, 2).copy()


def measure_all(
    eager: Dense, models: dict[str, onnx.ModelProto], image: np.ndarray, data: Data, config: Config
) -> dict[str, Measured]:
    """By name, also of PyTorch's eager execution: images a second, one at a time, and validation mean IoU."""

    def score(network: Dense) -> float:
        scores = scores_of(network, data.splits.validation, data.classes, config)
        return float(scores["pooled"]["mean_iou"])

    def make_candidate(network: Dense) -> Candidate:
        return Candidate(partial(network, image), partial(score, network))

    return compare(make_candidate(eager), models, lambda model: make_candidate(as_function(model)))


def _onnx_metadata(config: Config, metadata: dict[str, Any], precision: str) -> dict[str, Any]:
    return {
        "labels": metadata["classes"],
        "input": f"uint8 RGB images, [N, 3, height, width], sides multiples of {STRIDE}; normalization is inside",
        "stride": STRIDE,
        "colors": class_colors(len(metadata["classes"])).tolist(),
        "precision": precision,
        "data": metadata["data"],
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]},
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "first_weights": metadata["first_weights"],
        "predict": to_plain(config.predict, PROJECT),
        "versions": versions(),
    }


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights before rounding, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    return {"test_metrics_fp32": {name: found[name] for name in ("pooled", "per_image", "images")}} if found else {}
