"""What the server accepts and returns: photos and their classes."""

from shared.serving.classifier import classifier_service
from shared.serving.service import Service
from src.config import PROJECT, Config
from src.predict import make_predictor


def make_service(config: Config) -> Service:
    """The endpoint, the metadata of the exported network, and the page."""
    summary = "Which class is it? A label, or `unsure`; several joined by `|`, or `none`; and all probabilities."
    return classifier_service(config, PROJECT, make_predictor(config), config.serve.max_pixels, "images", summary)
