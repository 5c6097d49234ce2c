"""Answer HTTP requests with the exported network."""

from typing import Any

from shared.serving.server import make_app, run_app
from src.config import PROJECT, Config
from src.predict import Predictor


def serve(config: Config) -> None:
    """Serve the exported network: POST a text to /predict; /model describes it. Stop with Ctrl-C."""
    predictor = Predictor(config)

    def answer(body: bytes) -> dict[str, Any]:
        text = body.decode(errors="replace")
        found = predictor.answer([text])[0]
        if found.probabilities is None:
            return {"answer": found.answer}
        probabilities = dict(zip(predictor.network.labels, map(float, found.probabilities), strict=True))
        return {"answer": found.answer, "probabilities": probabilities}

    run_app(make_app(PROJECT.name, predictor.network.about, answer, config.serve), config.serve)
