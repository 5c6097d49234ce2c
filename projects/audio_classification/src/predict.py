"""Classify recordings with the exported network, which carries its own labels and preparation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.audio import MAX_SECONDS, UnreadableAudioError, read_recording
from shared.data.folders import RECORDINGS
from shared.data.skipped import collect_files
from shared.inference.predictions import Prediction
from shared.inference.predictor import Predictor, predict_files
from src.config import Config, export_path
from src.preparation import fit, is_silent
from src.spectrogram import spectrogram


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify recordings; write outputs/predictions/predictions.csv and their spectrograms beside it.

    Args:
        inputs: WAV, FLAC, OGG, MP3, AIFF or AU files, or folders of them
    """
    found, predictor = collect_files(inputs, RECORDINGS), make_predictor(config)
    rate = predictor.network.metadata["preparation"]["sample_rate"]

    def draw(one: Prediction) -> np.ndarray:
        return spectrogram(one.prepared, rate)

    return predict_files(config, predictor, found, ("unsure", "silent", "unreadable"), draw, RECORDINGS, columns=6)


def make_predictor(config: Config) -> Predictor:
    """The exported network for recordings of any kind; `predict` and `serve` both use it."""
    return Predictor(config, export_path(config), prepare_input)


def prepare_input(settings: Mapping[str, Any], source: Path | bytes, max_seconds: float = MAX_SECONDS) -> Prediction:
    """The network's input, int16 [samples], with what is unusual about it; or why it cannot be used."""
    rate = settings["sample_rate"]
    try:
        recording = read_recording(source, rate, max_seconds)
    except UnreadableAudioError as error:
        return Prediction("unreadable", detail=str(error))
    if is_silent(recording.samples):
        return Prediction("silent", detail="no sound in it")
    fitted = fit(recording.samples, settings["samples"], rate)
    return Prediction("", prepared=fitted, detail="; ".join(recording.unusual))
