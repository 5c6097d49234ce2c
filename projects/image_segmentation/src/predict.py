"""Segment images of any size with the exported network, which carries its own labels."""

import csv
import io
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.console import log, track
from shared.data.images import MAX_PIXELS, UnreadableImageError, read_image
from shared.data.skipped import collect_files
from shared.export.stale import open_exported
from shared.files import atomic_write, require_writable, write_json, write_text
from shared.inference.tiles import Tiling, segment
from shared.report.overlays import class_colors, overlay
from shared.results import write_result
from src.config import Config, export_path
from src.outlines import annotations_of


class Predictor:
    """The exported network for images of any kind and size; `predict` and `serve` both use it."""

    def __init__(self, config: Config) -> None:
        """Load `outputs/export/<project>.onnx`; raises UserError where there is none."""
        self.network = open_exported(config, export_path(config))
        self._tiling = Tiling(config.predict.tile, config.predict.overlap, self.network.metadata["stride"])

    def read(self, source: Path | bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
        """An image as uint8 [H, W, 3], by the range of values of the training images.

        Raises:
            UnreadableImageError: it is no image, damaged, or too large.
        """
        value_range = self.network.metadata.get("value_range", [])
        return np.asarray(read_image(source, max_pixels, value_range).convert("RGB"))

    def predict(self, image: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """Predict the class of every pixel of an image, uint8 [H, W, 3].

        Returns:
            Class ids, uint8 [H, W], and in plain types the height and width, the pixels and the share of the image that
            each class covers, and the probability of the predicted classes, averaged over the pixels.
        """
        pixels = np.ascontiguousarray(image.transpose(2, 0, 1))  # [3, H, W]
        probabilities = segment(self.network.probabilities, pixels, self._tiling)  # [classes, H, W]
        mask = probabilities.argmax(0).astype(np.uint8)
        counts = np.bincount(mask.ravel(), minlength=len(self.network.labels)).tolist()
        areas = zip(self.network.labels, counts, strict=True)
        return mask, {
            "height": mask.shape[0],
            "width": mask.shape[1],
            "areas": {label: {"pixels": count, "share": count / mask.size} for label, count in areas},
            "probability": float(probabilities.max(0).mean()),
        }


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Segment images; write masks, overlays and areas.csv into outputs/predictions.

    Args:
        inputs: image files, or folders of them
    """
    require_writable(config.output_dir)
    files, skipped = collect_files(inputs)
    predictor = Predictor(config)
    labels, metadata = predictor.network.labels, predictor.network.metadata
    folder = config.output_dir / "predictions"
    started = time.perf_counter()
    coco: dict[str, list[Any]] = {"images": [], "annotations": []}
    coco["categories"] = [{"id": index, "name": label} for index, label in enumerate(labels) if index > 0]
    table, unreadable = io.StringIO(), []
    rows = csv.writer(table)
    rows.writerow(["file", "class", "pixels", "share"])
    for path, name in zip(track(files, "predict"), result_names(files), strict=True):
        try:
            image = predictor.read(path)
        except UnreadableImageError as error:
            unreadable.append(f"{path} ({error})")
            continue
        mask, facts = predictor.predict(image)
        with atomic_write(folder / f"{name}_mask.png") as file:
            file.write(mask_png(mask, len(labels)))
        with atomic_write(folder / f"{name}_overlay.png") as file:
            Image.fromarray(overlay(image, mask, len(labels))).save(file, "PNG")
        for label, area in facts["areas"].items():
            rows.writerow([path, label, area["pixels"], f"{area['share']:.6f}"])
        if config.predict.coco:
            add_to_coco(coco, path.name, mask)
    seconds = time.perf_counter() - started
    write_text(folder / "areas.csv", table.getvalue())
    if config.predict.coco:
        write_json(folder / "coco.json", coco)
    if unreadable:
        log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {'; '.join(unreadable[:5])}")
    log.info(f"predict: {len(files) - len(unreadable)} images; see the masks, overlays and areas.csv in {folder}")
    return write_result(
        config.output_dir,
        "predict",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics={"images": len(files), "unreadable": len(unreadable)},
        seconds=seconds,
        network=predictor.network.origin,
        skipped_files=skipped,
    )


def result_names(files: list[Path]) -> Iterator[str]:
    """A name for each image's results; images of the same name are numbered, past names that other files have."""
    stems = {path.stem for path in files}
    endings: defaultdict[str, Iterator[str]] = defaultdict(lambda: chain([""], (f"-{number}" for number in count(2))))
    for path in files:
        names = (path.stem + ending for ending in endings[path.stem])
        yield next(name for name in names if name == path.stem or name not in stems)


def mask_png(mask: np.ndarray, classes: int) -> bytes:
    """A mask as a PNG whose values are the class ids; its palette shows them in the colors of the classes."""
    image = Image.fromarray(mask).convert("P")
    image.putpalette(class_colors(classes).tobytes())
    image.frombytes(mask.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def add_to_coco(coco: dict[str, list[Any]], name: str, mask: np.ndarray) -> None:
    """Add an image and the outlines of its regions."""
    number = len(coco["images"]) + 1
    coco["images"].append({"id": number, "file_name": name, "width": mask.shape[1], "height": mask.shape[0]})
    for annotation in annotations_of(mask):
        coco["annotations"].append({"id": len(coco["annotations"]) + 1, "image_id": number, **annotation})
