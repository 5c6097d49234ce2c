"""Classify recordings with the exported network, which carries its own labels and preparation."""

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.audio import MAX_SECONDS, UnreadableAudioError, read_audio
from shared.data.folders import RECORDINGS, collect_files
from shared.files import atomic_write, require_writable, write_text
from shared.inference.classifier import OnnxClassifier
from shared.report.plots import contact_sheet
from shared.results import write_result
from src.config import Config, export_path
from src.preparation import SilentError, fit, require_sound
from src.spectrogram import spectrogram

SHEET_CLIPS = 48


@dataclass(frozen=True)
class Answer:
    """What is said of one recording."""

    answer: str
    """A label, or `unsure`, `silent` (nothing to be heard) or `unreadable`."""
    probabilities: np.ndarray | None = None
    """float32 [classes]; None where the network was not asked."""
    prepared: np.ndarray | None = None
    """What the network heard: int16 [samples]."""
    detail: str = ""


class Predictor:
    """The exported network, asked with recordings of any kind; used by `predict` and `serve` alike."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = OnnxClassifier(export_path(config))
        self.min_probability = config.predict.min_probability
        # The preparation that the network was trained with, whatever the configuration says today.
        preparation = self.network.metadata["preparation"]
        self.sample_rate, self.samples = int(preparation["sample_rate"]), int(preparation["samples"])

    def answer(self, sources: list[Path] | list[bytes]) -> list[Answer]:
        """Answer each recording; one that is silent or cannot be read never harms the others."""
        return self.answer_prepared([self.prepared(source) for source in sources])

    def answer_prepared(self, prepared: Sequence[np.ndarray | Answer]) -> list[Answer]:
        """Answer what `prepared` gave."""
        readable = [item for item in prepared if isinstance(item, np.ndarray)]
        batch = np.stack(readable) if readable else np.empty((0, self.samples), np.int16)
        rows = iter(self.network.probabilities(batch))
        return [item if isinstance(item, Answer) else self._named(next(rows), item) for item in prepared]

    def prepared(self, source: Path | bytes, max_seconds: float = MAX_SECONDS) -> np.ndarray | Answer:
        """What the network is to hear, int16 [samples]; or the answer, where it need not be asked."""
        try:
            samples = read_audio(source, self.sample_rate, max_seconds)
            require_sound(samples)
        except SilentError as error:
            return Answer("silent", detail=str(error))
        except UnreadableAudioError as error:
            return Answer("unreadable", detail=str(error))
        return fit(samples, self.samples)

    def _named(self, probabilities: np.ndarray, prepared: np.ndarray) -> Answer:
        best = int(probabilities.argmax())
        sure = probabilities[best] >= self.min_probability
        return Answer(self.network.labels[best] if sure else "unsure", probabilities, prepared)


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify recordings; write outputs/predictions/predictions.csv and their spectrograms beside it.

    Args:
        inputs: WAV, FLAC or OGG files, or folders of them
    """
    require_writable(config.output_dir)
    files = collect_files(inputs, RECORDINGS)
    predictor = Predictor(config)
    started = time.perf_counter()
    answers = predictor.answer(files)
    seconds = time.perf_counter() - started
    folder = config.output_dir / "predictions"
    write_text(folder / "predictions.csv", _table(files, answers, predictor.network.labels))
    with atomic_write(folder / "predictions.png") as file:
        file.write(_sheet(files, answers, predictor))
    for path, answer in list(zip(files, answers, strict=True))[:10]:
        log.info(f"{path}: {answer.answer}{_confidence(answer)}{f' ({answer.detail})' if answer.detail else ''}")
    counts = {name: sum(a.answer == name for a in answers) for name in ("unsure", "silent", "unreadable")}
    if counts["unreadable"]:
        named = [str(path) for path, answer in zip(files, answers, strict=True) if answer.answer == "unreadable"]
        log.warning(f"{counts['unreadable']} of {len(files)} recordings cannot be read: {', '.join(named[:5])}")
    log.info(
        f"predict: {len(files)} recordings, {counts}; see {folder / 'predictions.csv'} and {folder / 'predictions.png'}"
    )
    return write_result(
        config.output_dir,
        "predict",
        seed=predictor.network.metadata["seed"],
        data=predictor.network.metadata["data"],
        metrics={"recordings": len(files)} | counts,
        seconds=seconds,
    )


def _table(files: list[Path], answers: list[Answer], labels: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "answer", "label", "probability", *(f"p_{label}" for label in labels), "detail"])
    for path, answer in zip(files, answers, strict=True):
        if answer.probabilities is None:
            row = ["", ""] + [""] * len(labels)
        else:
            best = int(answer.probabilities.argmax())
            row = [labels[best], f"{answer.probabilities[best]:.6f}", *(f"{p:.6f}" for p in answer.probabilities)]
        writer.writerow([path, answer.answer, *row, answer.detail])
    return text.getvalue()


def _sheet(files: list[Path], answers: list[Answer], predictor: Predictor) -> bytes:
    """The first recordings as the network heard them, with their answers."""
    shown = list(zip(files, answers, strict=True))[:SHEET_CLIPS]
    silence = np.zeros(predictor.samples, np.int16)
    images = [
        spectrogram(silence if answer.prepared is None else answer.prepared, predictor.sample_rate)
        for _, answer in shown
    ]
    captions = [f"{path.name[:18]}\n{answer.answer}{_confidence(answer)}" for path, answer in shown]
    return contact_sheet(images, captions, columns=min(6, max(3, len(shown))))


def _confidence(answer: Answer) -> str:
    return "" if answer.probabilities is None else f" {answer.probabilities.max():.2f}"
