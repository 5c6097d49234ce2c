"""What the server can be asked about images, and how the exported network answers."""

from typing import Any

import numpy as np

from shared.inference.predictions import Prediction, as_json
from shared.serving.service import Endpoint, RefusedError, Service
from src.config import PROJECT, Config
from src.predict import Predictor

PAGE = PROJECT / "src" / "page"


def make_service(config: Config) -> Service:
    """What the server needs to know of this project."""
    predictor = Predictor(config)

    def decode(image: bytes) -> np.ndarray | Prediction:
        prepared = predictor.prepare(image, config.serve.max_pixels)
        if isinstance(prepared, Prediction) and prepared.label == "unreadable":
            raise RefusedError(prepared.detail)
        return prepared

    def predict(prepared: list[np.ndarray | Prediction]) -> list[dict[str, Any]]:
        return [as_json(one, predictor.network.labels) for one in predictor.predict(prepared)]

    endpoint = Endpoint(
        name="predict",
        summary="Which class is it? A label, or `unsure`, or `empty` where there is no ink; and all probabilities.",
        kind="images",
        decode=decode,
        predict=predict,
        example=EXAMPLE,
        example_answer={"prediction": "1", "probabilities": {"0": 0.01, "1": 0.99}},
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE)


EXAMPLE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAMCAAAAABzHgM7AAAAGklEQVR42mP8z4AATAwYHEZGXDLU4jDidAEAvBUCFxtNV/0AAAAASUVORK5CYII="
)
"""A vertical stroke, as a PNG file in base64."""
