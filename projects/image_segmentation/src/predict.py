"""Segment images of any size with the exported network, which carries its own labels."""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from shared.console import log
from shared.data.images import MAX_PIXELS, UnreadableImageError, as_rgb, read_image
from shared.data.skipped import collect_files
from shared.export.stale import open_exported
from shared.files import atomic_write, write_csv, write_json_lists
from shared.inference.chunks import predict_in_chunks
from shared.inference.tiles import Tiling, segment
from shared.report.overlays import class_colors, overlay
from src.config import Config, export_path
from src.masks.outlines import annotations_of


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
        return np.asarray(as_rgb(read_image(source, max_pixels, value_range)))

    def predict(self, image: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """Predict the class of every pixel of an image, uint8 [H, W, 3].

        Returns:
            Class ids, uint8 [H, W], and in plain types the height and width, the pixels and the share of the image that
            each class covers, and the probability of the predicted classes, averaged over the pixels.
        """
        probabilities = segment(self.network.probabilities, image, self._tiling)  # [classes, H, W]
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
    files, skipped = collect_files(inputs)
    predictor, names = Predictor(config), list(result_names(files))
    network, labels = predictor.network, predictor.network.labels
    folder = config.output_dir / "predictions"

    def segment_some(indices: list[int], some: list[Path]) -> Iterator[dict[str, Any]]:
        """Write the mask and the overlay of each image, and give what the tables say of it."""
        for index, path in zip(indices, some, strict=True):
            try:
                image = predictor.read(path)
            except UnreadableImageError as error:
                yield {"error": f"{path} ({error})", "areas": {}, "annotations": []}
                continue
            mask, facts = predictor.predict(image)
            with atomic_write(folder / f"{names[index]}_mask.png") as file:
                file.write(mask_png(mask, len(labels)))
            with atomic_write(folder / f"{names[index]}_overlay.png") as file:
                Image.fromarray(overlay(image, mask, len(labels))).save(file, "PNG")
            yield {**facts, "annotations": [*annotations_of(mask)] if config.predict.coco else []}

    def finish(read: Callable[[], Iterator[dict[str, Any]]]) -> dict[str, Any]:
        rows = (
            [path, label, area["pixels"], f"{area['share']:.6f}"]
            for path, one in zip(files, read(), strict=True)
            for label, area in one["areas"].items()
        )
        write_csv(folder / "areas.csv", ["file", "class", "pixels", "share"], rows)
        if config.predict.coco:
            write_coco(folder / "coco.json", files, read, labels)
        unreadable = [one["error"] for one in read() if "error" in one]
        if unreadable:
            log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {'; '.join(unreadable[:5])}")
        log.info(f"predict: {len(files) - len(unreadable)} images; see the masks, overlays and areas.csv in {folder}")
        return {"metrics": {"images": len(files), "unreadable": len(unreadable)}}

    return predict_in_chunks(config, network, files, segment_some, finish, noun="images", skipped=skipped, chunk=1)


def result_names(files: list[Path]) -> Iterator[str]:
    """A name for each image's results; images of the same name are numbered, past names that other files have."""
    stems = {path.stem for path in files}
    endings: defaultdict[str, Iterator[str]] = defaultdict(lambda: chain([""], (f"-{number}" for number in count(2))))
    for path in files:
        names = (path.stem + ending for ending in endings[path.stem])
        yield next(name for name in names if name == path.stem or name not in stems)


def mask_png(mask: np.ndarray, classes: int) -> bytes:
    """A mask as a PNG whose values are the class ids; its palette shows them in the colors of the classes."""
    image = Image.fromarray(mask, "P")
    image.putpalette(class_colors(classes).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_coco(
    path: Path, files: Sequence[Path], read: Callable[[], Iterator[dict[str, Any]]], labels: Sequence[str]
) -> None:
    """Write the outlines of the regions of each image that can be read (see `annotations_of`)."""

    def readable() -> Iterator[tuple[int, Path, dict[str, Any]]]:
        pairs = (pair for pair in zip(files, read(), strict=True) if pair[1]["areas"])
        return ((number, file, found) for number, (file, found) in enumerate(pairs, 1))

    images = (
        {"id": number, "file_name": file.name, "width": found["width"], "height": found["height"]}
        for number, file, found in readable()
    )
    outlines = ({"image_id": number, **one} for number, _, found in readable() for one in found["annotations"])
    annotations = ({"id": number, **one} for number, one in enumerate(outlines, 1))
    categories = [{"id": index, "name": label} for index, label in enumerate(labels) if index > 0]
    write_json_lists(path, {"images": images, "annotations": annotations, "categories": categories})
