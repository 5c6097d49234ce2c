"""Write the embedder as one ONNX file that describes itself, and beside it what finds faces without Python."""

import time
from pathlib import Path
from typing import Any

from shared.console import log
from shared.export.mobile import mobile_usability
from shared.export.to_onnx import trace, write_manifest, write_model
from shared.files import file_digest
from shared.results import evaluated_scores, versions, write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, export_path
from src.dataloader import load_data
from src.decision import load_decision
from src.detector import Detector
from src.on_device import facts, write_parts, write_thresholds
from src.utils import crop_size, embedder_id, restore_model


def export(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Export the embedder to outputs/export/<project>.onnx and check that onnxruntime gives the same embeddings.

    The detector, the landmark trees and the thresholds lie beside it, for pages and phones.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    metadata = trained.metadata
    data = load_data(config, crop_size(config))
    path = export_path(config)
    network, detector = restore_model(config, trained), Detector(config.detector)
    decision = load_decision(config.output_dir, embedder_id(network, config))
    onnx_metadata = {
        "input": "uint8 crops, [N, 3, side, side], RGB; normalization is part of the network",
        "output": "embeddings; two are as alike as 1 - d * d / 2 of their distance d is high",
        "embedder": decision.embedder,
        "crop_size": crop_size(config),
        "data": metadata["data"],
        "seed": metadata["seed"],
        "metrics": {"validation": metadata["metrics"]} | _test_metrics(config, file_digest(trained.path)),
        "parameters": metadata["parameters"],
        "model": metadata["config"]["model"],
        "first_weights": metadata["first_weights"],
        "versions": versions(),
    }
    onnx_metadata |= facts(detector)
    started = time.perf_counter()
    examples = data.faces.crops[data.splits.validation]
    model, parity = trace(network, examples, "crops", ["embeddings"])
    write_model(model, path, onnx_metadata)
    write_parts(path.parent, config, detector)
    write_thresholds(path.parent, decision)
    write_manifest(path.parent)
    log.info(f"export: {path}, largest difference from PyTorch {parity.largest_difference:.1e}")
    return write_result(
        config.output_dir,
        "export",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"largest_difference": parity.largest_difference, "tolerance": parity.tolerance},
        seconds=time.perf_counter() - started,
        batch_sizes=list(parity.batch_sizes),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        mobile=mobile_usability(path),
    )


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    names = ("accuracy", "accuracy_interval", "auc", "eer", "pairs")
    return {"test": {name: found[name] for name in names}} if found else {}
