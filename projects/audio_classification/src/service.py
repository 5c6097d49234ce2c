"""What the server can be asked about recordings, and how the exported network answers."""

from typing import Any

import numpy as np

from shared.serving.service import Endpoint, RefusedError, Service
from src.config import PROJECT, Config
from src.predict import Answer, Predictor

PAGE = PROJECT / "src" / "page"


def make_service(config: Config) -> Service:
    """What the server needs to know of this project."""
    predictor = Predictor(config)

    def decode(recording: bytes) -> np.ndarray | Answer:
        found = predictor.prepared(recording, config.serve.max_seconds)
        if isinstance(found, Answer) and found.answer == "unreadable":
            raise RefusedError(found.detail)
        return found

    def answer(prepared: list[np.ndarray | Answer]) -> list[dict[str, Any]]:
        return [as_plain(found, predictor.network.labels) for found in predictor.answer_prepared(prepared)]

    endpoint = Endpoint(
        name="predict",
        summary="Which class is it? A label, or `unsure`, or `silent` where nothing is heard; and all probabilities.",
        kind="recordings",
        decode=decode,
        predict=answer,
        example=EXAMPLE,
        example_answer={"answer": "yes", "probabilities": {"no": 0.01, "yes": 0.99}},
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE)


def as_plain(found: Answer, labels: list[str]) -> dict[str, Any]:
    """An answer as JSON has it."""
    if found.probabilities is None:
        return {"answer": found.answer, "detail": found.detail}
    return {"answer": found.answer, "probabilities": dict(zip(labels, found.probabilities.tolist(), strict=True))}


EXAMPLE = "UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAAAAg/z8AIAAAAOAAwADg"
"""Eight samples of a tone, as a WAV file in base64."""
