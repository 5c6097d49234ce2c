"""What the server accepts and returns: images and the class of each of their pixels."""

import base64
from typing import Any

import numpy as np

from shared.data.images import UnreadableImageError
from shared.serving.classifier import EXAMPLE_FILES
from shared.serving.service import Endpoint, RefusedError, Service
from src.config import PROJECT, Config, export_path
from src.predict import Predictor, mask_png

PAGE = PROJECT / "src" / "page"


def make_service(config: Config) -> Service:
    """The endpoints, the metadata of the exported network, and the page."""
    predictor = Predictor(config)

    def decode(image: bytes) -> np.ndarray:
        try:
            return predictor.read(image, config.serve.max_pixels)
        except UnreadableImageError as error:
            raise RefusedError(str(error)) from error

    def predict(images: list[np.ndarray]) -> list[dict[str, Any]]:
        classes, predictions = len(predictor.network.labels), map(predictor.predict, images)
        return [
            {**facts, "mask_png_base64": base64.b64encode(mask_png(mask, classes)).decode()}
            for mask, facts in predictions
        ]

    endpoint = Endpoint(
        name="predict",
        summary="Which class is each pixel? A PNG whose values are class ids, and how much each class covers.",
        kind="images",
        decode=decode,
        predict=predict,
        example=EXAMPLE_FILES["images"],
        example_result={
            "height": 12,
            "width": 12,
            "areas": {"background": {"pixels": 108, "share": 0.75}, "grass": {"pixels": 36, "share": 0.25}},
            "probability": 0.9,
            "mask_png_base64": "...",
        },
        batch_size=1,  # images of different sizes do not stack
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE, export_path(config).parent)
