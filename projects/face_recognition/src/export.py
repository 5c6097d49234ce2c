"""Write the embedder as one ONNX file that describes itself, and beside it what finds faces without Python."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.alignment import alignment_facts
from models.detector import Detector
from models.model import crop_size, embedder_id, restore_model
from models.on_device import write_parts
from shared.export.examples import Example, image_file, write_examples
from shared.export.run import export_metadata, write_export
from shared.export.to_onnx import trace, write_model
from shared.files import write_json
from shared.training.trained import load_trained
from src.config import PROJECT, Config, export_path
from src.dataloader import FaceData, load_data
from src.decision import FILE, load_decision
from src.sources import published_photos

PARITY_INPUTS = 8
"""Crops that PyTorch and onnxruntime are compared on."""


def export(config: Config, checkpoint: Path | None = None, *, data: FaceData | None = None) -> dict[str, Any]:
    """Export the embedder to outputs/export/<project>.onnx and check that onnxruntime gives the same embeddings.

    The detector, the landmark trees and the thresholds lie beside it, for pages and phones.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
    """
    trained, data = load_trained(config, checkpoint, data, load_data)
    network, detector, path = restore_model(config, trained), Detector(config.detector), export_path(config)
    decision = load_decision(config.output_dir, embedder_id(network))
    recorded = export_metadata(config, trained) | {
        "input": "uint8 crops, [N, 3, side, side], RGB; normalization is part of the network",
        "output": "embeddings; the similarity of two is 1 - d * d / 2, where d is their distance",
        "embedder": decision.embedder,
        "crop_size": crop_size(config),
        "value_range": trained.metadata["config"]["data"]["value_range"],
        "detector": detector.facts,
        "alignment": alignment_facts(),
    }
    model, difference = trace(network, data.splits.validation["crops"][:PARITY_INPUTS], "crops", ["embeddings"])
    write_model(model, path, recorded)
    write_parts(path.parent, config.data.processed, detector)
    write_json(path.with_name(FILE), asdict(decision))
    write_examples(path.parent, example_pairs())
    # Galleries hold embeddings for years; int8 would move them, and those of two precisions cannot be compared.
    reason = "embeddings are compared with stored ones, so they are not rounded"
    return write_export(config, PROJECT, trained, difference, "fp32", reason)


def example_pairs() -> list[Example]:
    """What the page offers to click: published photographs, as nobody in the data agreed to be shown."""
    files = {name: image_file(image) for name, image in published_photos().items()}
    others = {"the same person": "astronaut, changed", "another person": "cameraman", "no person": "cat"}
    return [(label, [files["astronaut"], files[other]]) for label, other in others.items()]
