"""Write the trained network as one ONNX file that describes itself, in the precision that pays on this machine."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from models.model import STRIDE, restore_model
from shared.data.examples import Data
from shared.data.splits import evenly_spaced
from shared.export.examples import image_file, pick_examples
from shared.export.precision import Run
from shared.export.run import export_measured
from shared.export.to_onnx import trace_classifier
from shared.report.overlays import class_colors
from shared.training.trained import load_trained
from src.augmentation import crop_size, mirrored_crop
from src.config import PROJECT, Config
from src.dataloader import load_data
from src.evaluate import scores_of

CALIBRATION_IMAGES = 32
"""Training crops whose activations set the ranges of int8; the first five also check parity."""


def export(config: Config, checkpoint: Path | None = None, *, data: Data | None = None) -> dict[str, Any]:
    """Export the best network to outputs/export/<project>.onnx and check that onnxruntime gives the same outputs.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_trained(config, checkpoint, data, load_data)
    network = restore_model(config, trained)
    crops = training_crops(data, config)

    def score(run: Run) -> float:
        """The mean IoU, pooled."""
        return float(scores_of(run, data.splits.validation, data.classes, config)["pooled"]["mean_iou"])

    return export_measured(
        config,
        PROJECT,
        trained,
        trace_classifier(network, torch.from_numpy(crops), stride=STRIDE),
        eager=network.probabilities,
        calibration=[crop[None] for crop in crops],  # one at a time: [1, 3, h, w]
        timed=[crops[:1]],
        score=score,
        score_name="mean_iou",
        metadata={
            "input": f"uint8 RGB images, [N, 3, height, width], sides multiples of {STRIDE}; normalization is inside",
            "stride": STRIDE,
            "value_range": trained.metadata["config"]["data"]["value_range"],
            "colors": class_colors(len(data.classes)).tolist(),
        },
        examples=pick_examples(
            data, "images", lambda image: image_file(Image.fromarray(image)), config.export.examples, labeled=False
        ),
        timed_input=list(crops[:1].shape),
    )


def training_crops(data: Data, config: Config) -> np.ndarray:
    """The upper left crops of training images, spread over the split, uint8 [N, 3, h, w]; at least two strides wide.

    The parity check takes a stride off one side, so that a size which was frozen into the graph is found.
    """
    train = data.splits.train
    height, width = (max(side, 2 * STRIDE) for side in crop_size(train, config.data))
    chosen = evenly_spaced(len(train), CALIBRATION_IMAGES)
    crops = [mirrored_crop(train["images"][index], 0, 0, height, width) for index in chosen]
    return np.stack(crops).transpose(0, 3, 1, 2).copy()
