"""Segment images of any size with the exported network, which carries its own labels."""

import csv
import io
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.console import log, track
from shared.data.images import MAX_PIXELS, UnreadableImageError, collect_images, read_image
from shared.files import atomic_write, require_writable, write_json, write_text
from shared.inference.classifier import OnnxClassifier
from shared.inference.tiles import Tiling, segment
from shared.report.overlays import class_colors, overlay
from shared.results import write_result
from src.config import Config, export_path
from src.outlines import annotations_of


@dataclass(frozen=True)
class Answer:
    """What is said of one image."""

    image: np.ndarray
    """uint8 [H, W, 3]."""
    mask: np.ndarray
    """Class ids, uint8 [H, W]."""
    probability: float
    """Of the answers, averaged over the pixels."""


class Predictor:
    """The exported network, asked with images of any kind and size; used by `predict` and `serve` alike."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = OnnxClassifier(export_path(config))
        self._tiling = Tiling(config.predict.tile, config.predict.overlap, self.network.metadata["stride"])

    def answer(self, source: Path) -> Answer:
        """The class of every pixel.

        Raises:
            UnreadableImageError: it is no image that can be used.
        """
        return self.segment(read_pixels(source))

    def segment(self, image: np.ndarray) -> Answer:
        """The class of every pixel of an image, uint8 [H, W, 3]."""
        pixels = np.ascontiguousarray(image.transpose(2, 0, 1))
        scores = segment(self.network.probabilities, pixels, self._tiling)
        return Answer(image, scores.argmax(0).astype(np.uint8), float(scores.max(0).mean()))

    def areas(self, answer: Answer) -> dict[str, dict[str, float]]:
        """How much of the image each class covers, in pixels and as a share."""
        counts = np.bincount(answer.mask.ravel(), minlength=len(self.network.labels))
        return {
            label: {"pixels": int(count), "share": float(count / answer.mask.size)}
            for label, count in zip(self.network.labels, counts, strict=True)
        }


def read_pixels(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """An image as uint8 [H, W, 3].

    Raises:
        UnreadableImageError: it is no image that can be used.
    """
    return np.asarray(read_image(source, max_pixels).convert("RGB"))


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Segment images; write masks, overlays and areas.csv into outputs/predictions.

    Args:
        inputs: image files, or folders of them
    """
    require_writable(config.output_dir)
    files = collect_images(inputs)
    predictor = Predictor(config)
    folder = config.output_dir / "predictions"
    started = time.perf_counter()
    rows, coco, unreadable = [], _empty_coco(predictor), []
    for path, name in zip(track(files, "predict"), result_names(files), strict=True):
        try:
            answer = predictor.answer(path)
        except UnreadableImageError as error:
            unreadable.append(f"{path} ({error})")
            continue
        _write_images(folder, name, answer, len(predictor.network.labels))
        rows += [[path, label, *area.values()] for label, area in predictor.areas(answer).items()]
        if config.predict.coco:
            _add_to_coco(coco, path.name, answer)
    seconds = time.perf_counter() - started
    write_text(folder / "areas.csv", _table(rows))
    if config.predict.coco:
        write_json(folder / "coco.json", coco)
    if unreadable:
        log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {'; '.join(unreadable[:5])}")
    log.info(f"predict: {len(files) - len(unreadable)} images; see the masks, overlays and areas.csv in {folder}")
    return write_result(
        config.output_dir,
        "predict",
        seed=predictor.network.metadata["seed"],
        data=predictor.network.metadata["data"],
        metrics={"images": len(files), "unreadable": len(unreadable)},
        seconds=seconds,
    )


def result_names(files: list[Path]) -> Iterator[str]:
    """A name for each image's results; images of the same name are numbered, past names that others have."""
    taken, given = {path.stem for path in files}, set()
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
    for path in files:
        name = path.stem
        if name in given:
            name = next(other for number in numbers[path.stem] if (other := f"{path.stem}-{number}") not in taken)
        taken.add(name)
        given.add(path.stem)
        yield name


def _write_images(folder: Path, name: str, answer: Answer, classes: int) -> None:
    _write(folder / f"{name}_mask.png", mask_png(answer.mask, classes))
    _write(folder / f"{name}_overlay.png", png(Image.fromarray(overlay(answer.image, answer.mask, classes))))


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)


def mask_png(mask: np.ndarray, classes: int) -> bytes:
    """A mask as a PNG whose values are the class ids, shown in each class's color by its palette."""
    image = Image.fromarray(mask).convert("P")
    image.putpalette(class_colors(classes).tobytes())
    image.frombytes(mask.tobytes())
    return png(image)


def png(image: Image.Image) -> bytes:
    """An image as PNG bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _table(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "class", "pixels", "share"])
    for path, label, pixels, share in rows:
        writer.writerow([path, label, pixels, f"{share:.6f}"])
    return text.getvalue()


def _empty_coco(predictor: Predictor) -> dict[str, list[Any]]:
    labels = predictor.network.labels
    categories = [{"id": index, "name": label} for index, label in enumerate(labels) if index > 0]
    return {"images": [], "annotations": [], "categories": categories}


def _add_to_coco(coco: dict[str, list[Any]], name: str, answer: Answer) -> None:
    height, width = answer.mask.shape
    number = len(coco["images"]) + 1
    coco["images"].append({"id": number, "file_name": name, "width": width, "height": height})
    for annotation in annotations_of(answer.mask):
        coco["annotations"].append({"id": len(coco["annotations"]) + 1, "image_id": number, **annotation})
