"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

from pathlib import Path
from typing import Any

from models.model import WithMaps, has_maps, restore_model
from shared.data.examples import Data
from shared.export.examples import input_file
from shared.export.run import export_classifier
from shared.training.trained import load_trained
from src.config import PROJECT, Config
from src.dataloader import FORWARD_BATCH, load_data


def export(config: Config, checkpoint: Path | None = None, *, data: Data | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same outputs.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_trained(config, checkpoint, data, load_data)
    network, settings = restore_model(config, trained), trained.metadata["config"]["data"]
    maps = ("maps",) if has_maps(network) else ()
    metadata = {
        "input": "uint8 RGB images, [N, 3, size, size]; normalization is part of the network",
        "preparation": {
            "fit": settings["fit"],
            "size": settings["image_size"],
            "value_range": settings["value_range"],
        },
        "maps": bool(maps),  # whether the output `maps` says where the network looked, [N, classes, h, w]
    }
    return export_classifier(
        config,
        PROJECT,
        trained,
        data,
        network,
        "images",
        metadata,
        input_file,
        traced=WithMaps(network) if maps else network,
        more_outputs=maps,
        batch_size=FORWARD_BATCH,
    )
