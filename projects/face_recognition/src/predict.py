"""Find and embed the faces in images, with the exported embedder."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.images import collect_images
from shared.files import atomic_write, require_writable, write_text
from shared.report.plots import contact_sheet
from shared.results import write_result
from src.config import Config
from src.recognizer import Photo, Recognizer

SHEET_FACES = 64


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Find faces; write outputs/predictions/{predictions.csv, embeddings.npz} and a contact sheet of the faces.

    Args:
        inputs: image files, or folders of them
    """
    require_writable(config.output_dir)
    files = collect_images(inputs)
    recognizer = Recognizer(config)
    started = time.perf_counter()
    photos = recognizer.photos(files)
    seconds = time.perf_counter() - started
    folder = config.output_dir / "predictions"
    write_text(folder / "predictions.csv", _table(files, photos))
    with atomic_write(folder / "embeddings.npz") as file:
        np.savez(file, embeddings=_stacked(photos), embedder=np.array(recognizer.embedder))
    faces = sum(len(photo.faces) for photo in photos)
    if faces:
        with atomic_write(folder / "predictions.png") as file:
            file.write(_sheet(files, photos))
    for path, photo in list(zip(files, photos, strict=True))[:10]:
        log.info(f"{path}: {_described(photo)}")
    counts = {name: sum(photo.status == name for photo in photos) for name in ("no face", "unreadable")}
    if counts["unreadable"]:
        named = [str(path) for path, photo in zip(files, photos, strict=True) if photo.status == "unreadable"]
        log.warning(f"{counts['unreadable']} of {len(files)} images cannot be read: {', '.join(named[:5])}")
    log.info(f"predict: {len(files)} images, {faces} faces, {counts}; see {folder / 'predictions.csv'}")
    return write_result(
        config.output_dir,
        "predict",
        seed=recognizer.network.metadata["seed"],
        data=recognizer.network.metadata["data"],
        metrics={"images": len(files), "faces": faces} | counts,
        seconds=seconds,
    )


def _described(photo: Photo) -> str:
    if photo.status != "faces":
        return photo.status + (f" ({photo.detail})" if photo.detail else "")
    return f"{len(photo.faces)} face{'s'[: len(photo.faces) != 1]}, confidence " + ", ".join(
        f"{face.confidence:.3f}" for face in photo.faces
    )


def _table(files: list[Path], photos: list[Photo]) -> str:
    """One row a face; its `row` is that of embeddings.npz."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "status", "row", "left", "top", "right", "bottom", "confidence", "detail"])
    row = 0
    for path, photo in zip(files, photos, strict=True):
        if not photo.faces:
            writer.writerow([path, photo.status, "", "", "", "", "", "", photo.detail])
        for face in photo.faces:
            writer.writerow([path, "face", row, *(f"{value:.1f}" for value in face.box), f"{face.confidence:.4f}", ""])
            row += 1
    return text.getvalue()


def _stacked(photos: list[Photo]) -> np.ndarray:
    """float32 [faces, D]."""
    found = [photo.embeddings for photo in photos if photo.faces]
    return np.concatenate(found) if found else np.empty((0, 0), np.float32)


def _sheet(files: list[Path], photos: list[Photo]) -> bytes:
    """The first faces as the embedder saw them."""
    shown = [(path, crop) for path, photo in zip(files, photos, strict=True) for crop in photo.crops][:SHEET_FACES]
    images = [crop.transpose(1, 2, 0) for _, crop in shown]
    return contact_sheet(images, [path.name[:18] for path, _ in shown], columns=min(8, max(3, len(shown))))
