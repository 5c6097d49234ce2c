"""Classify images with the exported network, which carries its own labels and preparation."""

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.console import log
from shared.data.images import MAX_PIXELS, UnreadableImageError, collect_images, read_image
from shared.files import atomic_write, require_writable, write_text
from shared.inference.classifier import OnnxClassifier
from shared.report.plots import contact_sheet
from shared.results import write_result
from src.config import Config, export_path
from src.preparation import EmptyImageError, make_preparation

SHEET_IMAGES = 64


@dataclass(frozen=True)
class Answer:
    """What is said of one image."""

    answer: str
    """A label, or `unsure`, `empty` (no ink) or `unreadable`."""
    probabilities: np.ndarray | None = None
    """float32 [classes]; None where the network was not asked."""
    prepared: np.ndarray | None = None
    """What the network saw: uint8 [channels, size, size]."""
    detail: str = ""


class Predictor:
    """The exported network, asked with images of any kind; used by `predict` and `serve` alike."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = OnnxClassifier(export_path(config))
        self.min_probability = config.predict.min_probability
        # The preparation that the network was trained with, whatever the configuration says today.
        kind = self.network.metadata["preparation"]
        self._prepare = make_preparation(
            replace(config.data, preparation=kind["kind"], image_size=kind["size"], channels=kind["channels"])
        )

    def answer(self, sources: list[Path] | list[bytes]) -> list[Answer]:
        """Answer each image; one that is empty or cannot be read never harms the others."""
        return self.answer_prepared([self.prepared(source) for source in sources])

    def answer_prepared(self, prepared: Sequence[np.ndarray | Answer]) -> list[Answer]:
        """Answer what `prepared` gave."""
        readable = [item for item in prepared if isinstance(item, np.ndarray)]
        shape = self.network.input_shape
        batch = np.stack(readable) if readable else np.empty((0, *shape), np.uint8)
        rows = iter(self.network.probabilities(batch))
        return [item if isinstance(item, Answer) else self._named(next(rows), item) for item in prepared]

    def prepared(self, source: Path | bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray | Answer:
        """What the network is to see, uint8 [channels, size, size]; or the answer, where it need not be asked."""
        try:
            return self._prepare(read_image(source, max_pixels))
        except EmptyImageError as error:
            return Answer("empty", detail=str(error))
        except UnreadableImageError as error:
            return Answer("unreadable", detail=str(error))

    def _named(self, probabilities: np.ndarray, prepared: np.ndarray) -> Answer:
        best = int(probabilities.argmax())
        sure = probabilities[best] >= self.min_probability
        return Answer(self.network.labels[best] if sure else "unsure", probabilities, prepared)


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Classify images; write outputs/predictions/predictions.csv and a contact sheet beside it.

    Args:
        inputs: image files, or folders of them
    """
    require_writable(config.output_dir)
    files = collect_images(inputs)
    predictor = Predictor(config)
    started = time.perf_counter()
    answers = predictor.answer(files)
    seconds = time.perf_counter() - started
    folder = config.output_dir / "predictions"
    write_text(folder / "predictions.csv", _table(files, answers, predictor.network.labels))
    with atomic_write(folder / "predictions.png") as file:
        file.write(_sheet(files, answers))
    for path, answer in list(zip(files, answers, strict=True))[:10]:
        log.info(f"{path}: {answer.answer}{_confidence(answer)}{f' ({answer.detail})' if answer.detail else ''}")
    counts = {name: sum(a.answer == name for a in answers) for name in ("unsure", "empty", "unreadable")}
    if counts["unreadable"]:
        named = [str(path) for path, answer in zip(files, answers, strict=True) if answer.answer == "unreadable"]
        log.warning(f"{counts['unreadable']} of {len(files)} images cannot be read: {', '.join(named[:5])}")
    log.info(
        f"predict: {len(files)} images, {counts}; see {folder / 'predictions.csv'} and {folder / 'predictions.png'}"
    )
    return write_result(
        config.output_dir,
        "predict",
        seed=predictor.network.metadata["seed"],
        data=predictor.network.metadata["data"],
        metrics={"images": len(files)} | counts,
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


def _sheet(files: list[Path], answers: list[Answer]) -> bytes:
    """The first images as the network saw them, with their answers."""
    shown = list(zip(files, answers, strict=True))[:SHEET_IMAGES]
    images = [_visible(answer.prepared) for _, answer in shown]
    captions = [f"{path.name[:18]}\n{answer.answer}{_confidence(answer)}" for path, answer in shown]
    return contact_sheet(images, captions, columns=min(8, max(3, len(shown))))


def _visible(prepared: np.ndarray | None) -> np.ndarray:
    if prepared is None:
        return np.asarray(Image.new("L", (28, 28), 200))
    return prepared[0] if len(prepared) == 1 else prepared.transpose(1, 2, 0)


def _confidence(answer: Answer) -> str:
    return "" if answer.probabilities is None else f" {answer.probabilities.max():.2f}"
