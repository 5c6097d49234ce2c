"""Find and embed the faces in images, with the exported embedder."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.skipped import collect_files
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
    files, skipped = collect_files(inputs)
    recognizer = Recognizer(config)
    started = time.perf_counter()
    photos = recognizer.photos(files)
    seconds = time.perf_counter() - started
    folder = config.output_dir / "predictions"
    write_text(folder / "predictions.csv", _table(files, photos))
    rows = list(zip(files, photos, strict=True))
    found = [photo.embeddings for photo in photos if photo.faces]  # of each photo float32 [faces, D]
    with atomic_write(folder / "embeddings.npz") as file:
        embeddings = np.concatenate(found) if found else np.empty((0, 0), np.float32)
        np.savez(file, embeddings=embeddings, embedder=np.array(recognizer.embedder))
    if found:
        # The first faces as the embedder saw them.
        crops = [(path.name[:18], crop) for path, photo in rows for crop in photo.crops]
        captions, images = zip(*crops[:SHEET_FACES], strict=True)
        columns = min(8, max(3, len(images)))
        with atomic_write(folder / "predictions.png") as file:
            file.write(contact_sheet([image.transpose(1, 2, 0) for image in images], captions, columns=columns))
    for path, photo in rows[:10]:
        confidences = ", ".join(f"{face.confidence:.3f}" for face in photo.faces)
        log.info(f"{path}: {f'{len(photo.faces)} found, confidence {confidences}' if confidences else photo.status}")
    unreadable = [f"{path} ({one.detail})" for path, one in rows if one.detail]
    if unreadable:
        log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {', '.join(unreadable[:5])}")
    counts = {"images": len(files), "faces": len(embeddings)}
    counts |= {name: sum(photo.status == name for photo in photos) for name in ("no face", "unreadable")}
    log.info(f"predict: {counts}; see {folder / 'predictions.csv'}")
    metadata = recognizer.network.metadata
    return write_result(
        config.output_dir,
        "predict",
        seed=metadata["seed"],
        data=metadata["data"],
        metrics=counts,
        seconds=seconds,
        network=recognizer.network.origin,
        skipped_files=skipped,
    )


def _table(files: list[Path], photos: list[Photo]) -> str:
    """One row per face; its `row` is that of embeddings.npz."""
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
