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
from shared.data.skipped import collect_files
from shared.files import atomic_write, write_csv
from shared.inference.chunks import predict_in_chunks
from shared.report.plots import contact_sheet
from shared.results import write_result
from src.config import Config
from src.recognizer import BATCH, Recognizer

SHEET_FACES = 64
COLUMNS = ("file", "status", "row", "left", "top", "right", "bottom", "confidence", "detail")


def predict(config: Config, inputs: list[Path]) -> dict[str, Any]:
    """Find faces; write outputs/predictions/{predictions.csv, embeddings.npz} and a contact sheet of the faces.

    Args:
        inputs: image files, or folders of them
    """
    files, skipped = collect_files(inputs)
    recognizer = Recognizer(config)
    folder, metadata = config.output_dir / "predictions", recognizer.network.metadata

    def find_some(indices: list[int], some: list[Path]) -> list[dict[str, Any]]:
        photos = recognizer.photos(some)
        return [
            {
                "status": photo.status,
                "detail": photo.detail,
                "faces": [[*(f"{value:.1f}" for value in face.box), f"{face.confidence:.4f}"] for face in photo.faces],
                "embeddings": b64encode(photo.embeddings).decode(),  # float32 [faces, D]
                # The first faces as the embedder saw them, uint8 [faces, 3, S, S].
                "crops": b64encode(b"".join(crop.tobytes() for crop in photo.crops * (index < SHEET_FACES))).decode(),
            }
            for index, photo in zip(indices, photos, strict=True)
        ]

    def finish(read: Callable[[], Iterator[dict[str, Any]]], seconds: float) -> dict[str, Any]:
        write_csv(folder / "predictions.csv", COLUMNS, _rows(files, read()))
        counts = Counter(one["status"] for one in read())
        faces = sum(len(one["faces"]) for one in read())
        with TemporaryFile(dir=folder) as scratch:  # on the disk, as all of them may be too many for the memory
            scratch.writelines(b64decode(one["embeddings"]) for one in read())
            scratch.flush()
            found = np.memmap(scratch, np.float32, "r") if faces else np.empty(0, np.float32)
            with atomic_write(folder / "embeddings.npz") as file:
                embeddings = found.reshape(faces, found.size // max(1, faces))  # [faces, D]
                np.savez(file, embeddings=embeddings, embedder=np.array(recognizer.embedder))
        if sheet := _sheet(files, read(), recognizer.network.input_shape):
            with atomic_write(folder / "predictions.png") as file:
                file.write(sheet)
        for path, one in islice(zip(files, read(), strict=True), 10):
            number, confidences = len(one["faces"]), ", ".join(face[-1] for face in one["faces"])
            log.info(f"{path}: {f'{number} found, confidence {confidences}' if number else one['status']}")
        unreadable = [f"{path} ({one['detail']})" for path, one in zip(files, read(), strict=True) if one["detail"]]
        if unreadable:
            log.warning(f"{len(unreadable)} of {len(files)} images cannot be read: {', '.join(unreadable[:5])}")
        metrics = {"images": len(files), "faces": faces} | {name: counts[name] for name in ("no face", "unreadable")}
        log.info(f"predict: {metrics}; see {folder / 'predictions.csv'}")
        return write_result(
            config.output_dir,
            "predict",
            seed=metadata["seed"],
            data=metadata["data"],
            metrics=metrics,
            seconds=seconds,
            network=recognizer.network.origin,
            skipped_files=skipped,
        )

    return predict_in_chunks(config, recognizer.network, files, find_some, finish, noun="images", chunk=BATCH)


def _rows(files: list[Path], records: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    """One row per face; its `row` is that of embeddings.npz."""
    numbers = count()
    for path, one in zip(files, records, strict=True):
        if not one["faces"]:
            yield [path, one["status"], "", "", "", "", "", "", one["detail"]]
        for face in one["faces"]:
            yield [path, "face", next(numbers), *face, ""]


def _sheet(files: list[Path], records: Iterator[dict[str, Any]], shape: tuple[int, ...]) -> bytes:
    """The faces in the first files with these files' names; empty where there are none."""
    shown: list[tuple[str, np.ndarray]] = []
    for path, one in islice(zip(files, records, strict=True), SHEET_FACES):
        crops = np.frombuffer(b64decode(one["crops"]), np.uint8).reshape(-1, *shape)  # [faces, 3, S, S]
        shown += [(path.name[:18], crop.transpose(1, 2, 0)) for crop in crops]
    if not shown:
        return b""
    captions, images = zip(*shown[:SHEET_FACES], strict=True)
    return contact_sheet(images, captions, columns=min(8, max(3, len(images))))
