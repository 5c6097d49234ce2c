"""Classify images with the exported network, which carries its own labels and preparation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.data.images import MAX_PIXELS, UnreadableImageError, displayed, read_image
from shared.data.skipped import collect_files
from shared.inference.predictions import Prediction
from shared.inference.predictor import Predictor, Prepared, predict_files
from src.config import Config, export_path
from src.preparation import EmptyImageError, prepare


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify images; write outputs/predictions/predictions.csv and a contact sheet beside it.

    Args:
        inputs: image files, or folders of them
    """
    found, kinds = collect_files(inputs), ("unsure", "empty", "unreadable")
    return predict_files(config, make_predictor(config), found, kinds, lambda one: displayed(one.prepared))


def make_predictor(config: Config) -> Predictor:
    """The exported network for images of any kind; `predict` and `serve` both use it."""
    return Predictor(config, export_path(config), prepare_input)


def prepare_input(settings: Mapping[str, Any], source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Prepared:
    """The network's input, uint8 [1, size, size]; or a `Prediction` that says why it cannot be used."""
    try:
        return prepare(read_image(source, max_pixels, settings["value_range"]), settings["size"])[None]
    except EmptyImageError as error:
        return Prediction("empty", detail=str(error))
    except UnreadableImageError as error:
        return Prediction("unreadable", detail=str(error))
