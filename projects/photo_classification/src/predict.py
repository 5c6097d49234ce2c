"""Classify photos with the exported network, which carries its own labels and preparation."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.images import MAX_PIXELS, UnreadableImageError, displayed, read_image
from shared.data.skipped import collect_files
from shared.export.stale import open_exported
from shared.inference.predictions import Prediction, predict_prepared, write_predictions
from shared.report.heat import heated
from shared.report.plots import contact_sheet
from src.config import Config, export_path
from src.preparation import prepare


class Predictor:
    """The exported network for photos of any kind; `predict` and `serve` both use it."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = open_exported(config, export_path(config))
        self.min_probability = config.predict.min_probability
        # That of training, not of the current configuration.
        self.prepare = partial(prepare_input, self.network.metadata["preparation"])

    def predict(self, prepared: Sequence[np.ndarray | Prediction]) -> list[Prediction]:
        """Predict what `prepare` returned; an image that cannot be used does not affect the others."""
        return predict_prepared(self.network, prepared, self.min_probability)


def prepare_input(
    settings: Mapping[str, Any], source: Path | bytes, max_pixels: int = MAX_PIXELS
) -> np.ndarray | Prediction:
    """The network's input, uint8 [3, size, size]; or a `Prediction` that says why it cannot be used."""
    try:
        image = read_image(source, max_pixels, settings["value_range"])
    except UnreadableImageError as error:
        return Prediction("unreadable", detail=str(error))
    return prepare(image, settings["size"], settings["fit"])


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify images; write outputs/predictions/predictions.csv and a contact sheet beside it.

    Args:
        inputs: image files, or folders of them
    """
    (files, skipped), predictor = collect_files(inputs), Predictor(config)
    several = "thresholds" in predictor.network.metadata
    return write_predictions(
        config,
        predictor.network,
        files,
        predictor.predict,
        noun="images",
        kinds=("none" if several else "unsure", "unreadable"),
        sheet=partial(_sheet, config.predict.explain),
        skipped=skipped,
        prepare=predictor.prepare,
    )


def _sheet(explain: bool, files: Sequence[Path], predictions: Sequence[Prediction]) -> bytes:
    """Photos as the network saw them, with their predictions; with `explain`, where it looked."""
    images = [_shown(one, explain) for one in predictions]
    captions = [f"{path.name[:18]}\n{one.label}{one.confidence}" for path, one in zip(files, predictions, strict=True)]
    return contact_sheet(images, captions, columns=min(8, max(3, len(images))))


def _shown(prediction: Prediction, explain: bool) -> np.ndarray:
    if prediction.prepared is None:
        return np.full((28, 28), 200, np.uint8)
    image, heat = displayed(prediction.prepared), prediction.heat
    return heated(image, heat) if explain and heat is not None else image
