"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

import time
from functools import partial
from pathlib import Path
from typing import Any

from models.model import restore_model
from shared.data.examples import Data
from shared.evaluation import logits_in_batches
from shared.export.run import accuracy_of, as_run, export_measured
from shared.export.to_onnx import trace_classifier
from shared.metrics.calibration import fit_temperature
from shared.training.trained import load_trained
from src.config import PROJECT, Config, export_path
from src.dataloader import load_data

CALIBRATION_IMAGES = 128
"""Training images whose activations set the ranges of int8; more changed nothing that was measured."""


def export(config: Config, checkpoint: Path | None = None, *, data: Data | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same outputs.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
        data: what `load_data` gave, where it has been read already
    """
    started = time.perf_counter()
    trained, data = load_trained(config, checkpoint, data, load_data)
    network = restore_model(config, trained)
    images, labels = data.splits.validation["images"], data.splits.validation["labels"]
    temperature = fit_temperature(logits_in_batches(network, images), labels)
    calibration = data.splits.train["images"][:CALIBRATION_IMAGES].numpy()
    settings = trained.metadata["config"]["data"]
    return export_measured(
        trace_classifier(network, images, temperature=temperature),
        eager=as_run(network),
        calibration=list(calibration[:, None]),  # one at a time: [1, C, H, W]
        timed=[images[:1].numpy()],
        score=partial(accuracy_of, inputs=images.numpy(), labels=labels.numpy()),
        score_name="accuracy",
        trained=trained,
        config=config,
        path=export_path(config),
        project=PROJECT,
        metadata={
            "input": "uint8 images, [N, channels, height, width]; normalization is part of the network",
            "preparation": {
                "kind": settings["preparation"],
                "size": settings["image_size"],
                "channels": settings["channels"],
            },
            "temperature": temperature,
        },
        test_scores=("accuracy", "accuracy_interval", "macro_f1", "examples"),
        started=started,
        temperature=temperature,
    )
