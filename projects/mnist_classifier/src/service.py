"""What the server can be asked about images, and how the exported network answers."""

from typing import Any

import numpy as np

from shared.serving.service import Endpoint, RefusedError, Service
from src.config import PROJECT, Config
from src.predict import Answer, Predictor

PAGE = PROJECT / "src" / "page"


def make_service(config: Config) -> Service:
    """What the server needs to know of this project."""
    predictor = Predictor(config)

    def decode(image: bytes) -> np.ndarray | Answer:
        found = predictor.prepared(image, config.serve.max_pixels)
        if isinstance(found, Answer) and found.answer == "unreadable":
            raise RefusedError(found.detail)
        return found

    def answer(prepared: list[np.ndarray | Answer]) -> list[dict[str, Any]]:
        return [as_plain(found, predictor.network.labels) for found in predictor.answer_prepared(prepared)]

    endpoint = Endpoint(
        name="predict",
        summary="Which class is it? A label, or `unsure`, or `empty` where there is no ink; and all probabilities.",
        kind="images",
        decode=decode,
        predict=answer,
        example=EXAMPLE,
        example_answer={"answer": "1", "probabilities": {"0": 0.01, "1": 0.99}},
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE)


def as_plain(found: Answer, labels: list[str]) -> dict[str, Any]:
    """An answer as JSON has it."""
    if found.probabilities is None:
        return {"answer": found.answer, "detail": found.detail}
    return {"answer": found.answer, "probabilities": dict(zip(labels, found.probabilities.tolist(), strict=True))}


EXAMPLE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAMCAAAAABzHgM7AAAAGklEQVR42mP8z4AATAwYHEZGXDLU4jDidAEAvBUCFxtNV/0AAAAASUVORK5CYII="
)
"""A vertical stroke, as a PNG file in base64."""
