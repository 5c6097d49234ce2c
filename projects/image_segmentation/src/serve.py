"""Answer HTTP requests with the exported network."""

import base64
from typing import Any

from shared.data.images import UnreadableImageError
from shared.serving.server import make_app, run_app
from src.config import PROJECT, Config
from src.predict import Predictor, mask_png


def serve(config: Config) -> None:
    """Serve the exported network: POST a picture to /predict; /model describes it. Stop with Ctrl-C."""
    predictor = Predictor(config)
    classes = len(predictor.network.labels)

    def answer(body: bytes) -> dict[str, Any]:
        try:
            found = predictor.answer(body)
        except UnreadableImageError as error:
            return {"answer": "unreadable", "detail": str(error)}
        return {
            "answer": "mask",
            "height": found.mask.shape[0],
            "width": found.mask.shape[1],
            "areas": predictor.areas(found),
            "probability": found.probability,
            "mask_png_base64": base64.b64encode(mask_png(found.mask, classes)).decode(),
        }

    run_app(make_app(PROJECT.name, predictor.network.about, answer, config.serve), config.serve)
