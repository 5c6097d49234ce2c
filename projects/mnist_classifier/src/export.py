"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

from pathlib import Path
from typing import Any

from models.model import restore_model
from shared.data.examples import Data
from shared.export.examples import input_file
from shared.export.run import export_classifier
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import load_data


def export(config: Config, checkpoint: Path | None = None, *, data: Data | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same outputs.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_trained(config, checkpoint, data, load_data)
    network, settings = restore_model(config, trained), trained.metadata["config"]["data"]
    metadata = {
        "input": "uint8 gray images, [N, 1, height, width]; normalization is part of the network",
        "preparation": {"size": settings["image_size"], "value_range": settings["value_range"]},
    }
    return export_classifier(config, PROJECT, trained, data, network, "images", metadata, input_file)
