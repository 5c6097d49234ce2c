"""Classify photos with the exported network, which carries its own labels and preparation."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.images import MAX_PIXELS, UnreadableImageError, displayed, read_image
from shared.data.skipped import collect_files
from shared.inference.predictions import Prediction
from shared.inference.predictor import Predictor, Prepared, predict_files
from shared.report.heat import heated
from src.config import Config, export_path
from src.preparation import prepare


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify images; write outputs/predictions/predictions.csv and a contact sheet beside it.

    Args:
        inputs: image files, or folders of them
    """
    found, predictor = collect_files(inputs), make_predictor(config)
    kinds = ("none" if "thresholds" in predictor.network.metadata else "unsure", "unreadable")
    return predict_files(config, predictor, found, kinds, partial(_draw, config.predict.explain))


def make_predictor(config: Config) -> Predictor:
    """The exported network for photos of any kind; `predict` and `serve` both use it."""
    return Predictor(config, export_path(config), prepare_input)


def prepare_input(settings: Mapping[str, Any], source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Prepared:
    """The network's input, uint8 [3, size, size]; or a `Prediction` that says why it cannot be used."""
    try:
        image = read_image(source, max_pixels, settings["value_range"])
    except UnreadableImageError as error:
        return Prediction("unreadable", detail=str(error))
    return prepare(image, settings["size"], settings["fit"])


def _draw(explain: bool, one: Prediction) -> np.ndarray:
    """A photo as the network saw it; with `explain`, where it looked."""
    image, heat = displayed(one.prepared), one.heat
    return heated(image, heat) if explain and heat is not None else image
