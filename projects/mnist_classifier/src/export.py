"""Write the trained network as one ONNX file that describes itself."""

import time
from pathlib import Path
from typing import Any

from shared.config import to_plain
from shared.console import say
from shared.export.mobile import mobile_usability
from shared.export.to_onnx import export_classifier, write_manifest
from shared.files import file_digest
from shared.results import evaluated_scores, versions, write_result
from shared.training.checkpoint import best_checkpoint, load_checkpoint
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.utils import restore_model


def export(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same answers.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    about = trained.about
    data = load_data(config)
    path = export_path(config)
    metadata = {
        "labels": about["classes"],
        "input": "uint8 pictures, [N, channels, height, width]; normalisation is part of the network",
        "preparation": {
            "kind": config.data.preparation,
            "size": config.data.image_size,
            "channels": config.data.channels,
        },
        "predict": to_plain(config.predict, PROJECT),
        "data": about["data"],
        "seed": about["seed"],
        "metrics": {"validation": about["metrics"]} | _test_metrics(config, file_digest(trained.path)),
        "parameters": about["parameters"],
        "model": about["config"]["model"],
        "versions": versions(),
    }
    started = time.perf_counter()
    model = restore_model(config, trained)
    parity = export_classifier(model, data.parts.validation["images"], path, metadata)
    write_manifest(path.parent)
    say(f"export: {path}, largest difference from PyTorch {parity.largest_difference:.1e}")
    return write_result(
        config.output_dir,
        "export",
        seed=about["seed"],
        data=about["data"],
        metrics={"largest_difference": parity.largest_difference, "tolerance": parity.tolerance},
        seconds=time.perf_counter() - started,
        batch_sizes=list(parity.batch_sizes),
        file=path.name,
        bytes=path.stat().st_size,
        sha256=file_digest(path),
        mobile=mobile_usability(path),
    )


def export_path(config: Config) -> Path:
    """Where the exported network lies; it is named after the project's folder."""
    return config.output_dir / "export" / f"{PROJECT.name}.onnx"


def _test_metrics(config: Config, checkpoint: str) -> dict[str, Any]:
    """The test scores of these very weights, where they have been evaluated."""
    found = evaluated_scores(config.output_dir, checkpoint)
    names = ("accuracy", "accuracy_interval", "macro_f1", "examples")
    return {"test": {name: found[name] for name in names}} if found else {}
