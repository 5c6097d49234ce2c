"""Find and embed the faces in images, with the exported embedder."""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from shared.console import log
from shared.data.problems import named
from shared.data.skipped import collect_files
from shared.files import atomic_write, write_csv
from shared.inference.chunks import predict_in_chunks
from shared.report.plots import contact_sheet
from src.config import Config
from src.recognizer import BATCH, Recognizer

SHEET_FACES = 64
COLUMNS = ("file", "status", "row", "left", "top", "right", "bottom", "confidence", "detail")
Records = Callable[[], Iterator[dict[str, Any]]]
"""Reads the records of all files from the disk, as they may be too many for the memory."""


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Find faces; write outputs/predictions/{predictions.csv, embeddings.npz} and a contact sheet of the faces.

    Args:
        inputs: image files, or folders of them
    """
    (files, skipped), recognizer = collect_files(inputs), Recognizer(config)
    network, folder = recognizer.network, config.output_dir / "predictions"

    def find_some(indices: list[int], some: list[Path]) -> Iterator[dict[str, Any]]:
        for index, file, photo in zip(indices, some, recognizer.photos(some), strict=True):
            shown = photo.crops if index < SHEET_FACES else []  # uint8 [3, S, S], as the embedder saw them
            yield {
                "file": str(file),
                "status": photo.status,
                "detail": photo.detail,
                "faces": [[*(f"{value:.1f}" for value in face.box), f"{face.confidence:.4f}"] for face in photo.faces],
                "embeddings": b64encode(photo.embeddings).decode(),  # float32 [faces, D]
                "crops": [b64encode(crop).decode() for crop in shown],
            }

    def finish(read: Records) -> dict[str, Any]:
        write_csv(folder / "predictions.csv", COLUMNS, _rows(read()))
        _write_embeddings(folder, read, recognizer.embedder)
        _write_sheet(folder / "predictions.png", read(), network.input_shape)
        for one in islice(read(), 10):
            confidences = ", ".join(face[-1] for face in one["faces"])
            found = f"{len(one['faces'])} found, confidence {confidences}" if one["faces"] else one["status"]
            log.info(f"{one['file']}: {found}")
        if unreadable := [f"{one['file']} ({one['detail']})" for one in read() if one["detail"]]:
            log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {named(unreadable)}")
        counts = Counter(one["status"] for one in read())
        metrics = {"images": len(files), "faces": sum(len(one["faces"]) for one in read())}
        metrics |= {name: counts[name] for name in ("no face", "unreadable")}
        log.info(f"predict: {metrics}; see {folder / 'predictions.csv'}")
        return {"metrics": metrics}

    return predict_in_chunks(config, network, files, find_some, finish, noun="images", skipped=skipped, chunk=BATCH)


def _rows(records: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    """One row per face; its `row` is that of embeddings.npz."""
    numbers = count()
    for one in records:
        if not one["faces"]:
            yield [one["file"], one["status"], "", "", "", "", "", "", one["detail"]]
        for face in one["faces"]:
            yield [one["file"], "face", next(numbers), *face, ""]


def _write_embeddings(folder: Path, read: Records, embedder: str) -> None:
    faces = sum(len(one["faces"]) for one in read())
    with TemporaryFile(dir=folder) as scratch, atomic_write(folder / "embeddings.npz") as file:
        scratch.writelines(b64decode(one["embeddings"]) for one in read())
        scratch.flush()
        found = np.memmap(scratch, np.float32, "r") if faces else np.empty(0, np.float32)
        embeddings = found.reshape(faces, found.size // max(1, faces))  # [faces, D]
        np.savez(file, embeddings=embeddings, embedder=np.array(embedder))


def _write_sheet(path: Path, records: Iterator[dict[str, Any]], shape: tuple[int, ...]) -> None:
    """The faces in the first files with these files' names, if there are any."""
    first = [(Path(one["file"]).name[:18], crop) for one in islice(records, SHEET_FACES) for crop in one["crops"]]
    if first:
        captions, crops = zip(*first[:SHEET_FACES], strict=True)
        images = [np.frombuffer(b64decode(crop), np.uint8).reshape(shape).transpose(1, 2, 0) for crop in crops]
        with atomic_write(path) as file:
            file.write(contact_sheet(images, captions, columns=min(8, max(3, len(images)))))
