"""Classify recordings with the exported network, which carries its own labels and preparation."""

from collections.abc import Sequence
from dataclasses import replace
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
from src.preparation import SilentError, fit, require_sound
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

    def predict(self, prepared: list[np.ndarray | Prediction]) -> list[Prediction]:
        """Predict what `prepare` returned; a recording that cannot be used does not affect the others."""
        return predict_prepared(self.network, prepared, self.min_probability)

    def prepare(self, source: Path | bytes, max_seconds: float = MAX_SECONDS) -> np.ndarray | Prediction:
        """The network's input, int16 [samples]; or a `Prediction` that says why it cannot be used."""
        return self.listen(source, max_seconds)[0]

    def listen(self, source: Path | bytes, max_seconds: float = MAX_SECONDS) -> tuple[np.ndarray | Prediction, str]:
        """The same, and what is unusual about the recording; mostly nothing."""
        try:
            recording = read_recording(source, self.sample_rate, max_seconds)
            require_sound(recording.samples)
        except SilentError as error:
            return Prediction("silent", detail=str(error)), ""
        except UnreadableAudioError as error:
            return Prediction("unreadable", detail=str(error)), ""
        return fit(recording.samples, self.samples, self.sample_rate), "; ".join(recording.unusual)


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify recordings; write outputs/predictions/predictions.csv and their spectrograms beside it.

    Args:
        inputs: WAV, FLAC, OGG, MP3, AIFF or AU files, or folders of them
    """
    (files, skipped), predictor = collect_files(inputs, RECORDINGS), Predictor(config)

    def predict_some(some: Sequence[Path]) -> list[Prediction]:
        prepared, notes = zip(*(predictor.listen(file) for file in some), strict=True)
        predictions = zip(predictor.predict(list(prepared)), notes, strict=True)
        return [replace(one, detail=one.detail or note) for one, note in predictions]

    return write_predictions(
        config,
        predictor.network,
        files,
        predict_some,
        noun="recordings",
        kinds=("unsure", "silent", "unreadable"),
        sheet=partial(_sheet, predictor),
        unusual=True,
        skipped=skipped,
    )


def _sheet(predictor: Predictor, files: Sequence[Path], predictions: Sequence[Prediction]) -> bytes:
    """Recordings as the network heard them, with their predictions."""
    silence = np.zeros(predictor.samples, np.int16)
    heard = [silence if one.prepared is None else one.prepared for one in predictions]
    captions = [f"{path.name[:18]}\n{one.label}{one.confidence}" for path, one in zip(files, predictions, strict=True)]
    images = [spectrogram(clip, predictor.sample_rate) for clip in heard]
    return contact_sheet(images, captions, columns=min(6, max(3, len(images))))
