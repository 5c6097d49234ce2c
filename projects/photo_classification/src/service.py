"""What the server accepts and returns: photos and their classes."""

from shared.serving.classifier import classifier_endpoint
from shared.serving.service import Service
from src.config import PROJECT, Config, export_path
from src.predict import Predictor

PAGE = PROJECT / "src" / "page"
EXAMPLE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAMCAAAAABzHgM7AAAAGklEQVR42mP8z4AATAwYHEZGXDLU4jDidAEAvBUCFxtNV/0AAAAASUVORK5CYII="
)
"""A vertical stroke, as a PNG file in base64."""


def make_service(config: Config) -> Service:
    """The endpoints, the metadata of the exported network, and the page."""
    predictor = Predictor(config)
    endpoint = classifier_endpoint(
        predictor,
        lambda image: predictor.prepare(image, config.serve.max_pixels),
        kind="images",
        summary="Which class is it? A label, or `unsure`; several joined by `|`, or `none`; and all probabilities.",
        example=EXAMPLE,
        example_label=predictor.network.labels[0],
    )
    return Service(PROJECT.name, predictor.network.metadata, [endpoint], PAGE, export_path(config).parent)
