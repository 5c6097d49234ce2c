"""Classify recordings with the exported network, which carries its own labels and preparation."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from shared.data.audio import MAX_SECONDS, UnreadableAudioError, read_recording
from shared.data.folders import RECORDINGS
from shared.data.skipped import collect_files
from shared.export.stale import open_exported
from shared.inference.predictions import Prediction, predict_prepared, write_predictions
from shared.report.plots import contact_sheet
from src.config import Config, export_path
from src.preparation import fit, is_silent
from src.spectrogram import spectrogram


class Predictor:
    """The exported network for recordings of any kind; `predict` and `serve` both use it."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = open_exported(config, export_path(config))
        self.min_probability = config.predict.min_probability
        # The preparation that the network was trained with, not that of the current configuration.
        preparation = self.network.metadata["preparation"]
        self.sample_rate, self.samples = int(preparation["sample_rate"]), int(preparation["samples"])
        self.prepare = partial(prepare_input, self.sample_rate, self.samples)

    def predict(self, prepared: Sequence[np.ndarray | Prediction]) -> list[Prediction]:
        """Predict what `prepare` returned; a recording that cannot be used does not affect the others."""
        return predict_prepared(self.network, prepared, self.min_probability)


def prepare_input(sample_rate: int, samples: int, source: Path | bytes, max_seconds: float = MAX_SECONDS) -> Prediction:
    """The network's input, int16 [samples], with what is unusual about it; or why it cannot be used."""
    try:
        recording = read_recording(source, sample_rate, max_seconds)
    except UnreadableAudioError as error:
        return Prediction("unreadable", detail=str(error))
    if is_silent(recording.samples):
        return Prediction("silent", detail="no sound in it")
    return Prediction("", prepared=fit(recording.samples, samples, sample_rate), detail="; ".join(recording.unusual))


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify recordings; write outputs/predictions/predictions.csv and their spectrograms beside it.

    Args:
        inputs: WAV, FLAC, OGG, MP3, AIFF or AU files, or folders of them
    """
    (files, skipped), predictor = collect_files(inputs, RECORDINGS), Predictor(config)
    return write_predictions(
        config,
        predictor.network,
        files,
        predictor.predict,
        noun="recordings",
        kinds=("unsure", "silent", "unreadable"),
        sheet=partial(_sheet, predictor),
        unusual=True,
        skipped=skipped,
        prepare=predictor.prepare,
    )


def _sheet(predictor: Predictor, files: Sequence[Path], predictions: Sequence[Prediction]) -> bytes:
    """Recordings as the network heard them, with their predictions."""
    silence = np.zeros(predictor.samples, np.int16)
    heard = [silence if one.prepared is None else one.prepared for one in predictions]
    captions = [f"{path.name[:18]}\n{one.label}{one.confidence}" for path, one in zip(files, predictions, strict=True)]
    images = [spectrogram(clip, predictor.sample_rate) for clip in heard]
    return contact_sheet(images, captions, columns=min(6, max(3, len(images))))
