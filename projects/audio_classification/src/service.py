"""What the server accepts and returns: recordings and their classes."""

from shared.serving.classifier import classifier_endpoint
from shared.serving.service import Service
from src.config import PROJECT, Config, export_path
from src.predict import Predictor

PAGE = PROJECT / "src" / "page"
EXAMPLE = "UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAAAAg/z8AIAAAAOAAwADg"
"""Eight samples of a tone, as a WAV file in base64."""


def make_service(config: Config) -> Service:
    """The endpoints, the metadata of the exported network, and the page."""
    predictor = Predictor(config)
    endpoint = classifier_endpoint(
        predictor,
        lambda recording: predictor.prepare(recording, config.serve.max_seconds),
        kind="recordings",
        summary="Which class is it? A label, or `unsure`, or `silent` where nothing is heard; and all probabilities.",
        example=EXAMPLE,
        example_label="yes",
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE, export_path(config).parent)
