"""What the server accepts and returns: texts and their classes."""

from typing import Any

from shared.inference.predictions import as_json
from shared.serving.service import Endpoint, Service
from src.config import PROJECT, Config, export_path
from src.predict import Predictor

PAGE = PROJECT / "src" / "page"
EXAMPLE = "Shares fell sharply after the bank's warning."


def make_service(config: Config) -> Service:
    """The endpoints, the metadata of the exported network, and the page."""
    predictor = Predictor(config)

    def predict(texts: list[str]) -> list[dict[str, Any]]:
        return [as_json(one, predictor.network.labels) for one in predictor.predict(texts)]

    def explain(texts: list[str]) -> list[dict[str, Any]]:
        found = [predictor.words_that_mattered(text) for text in texts]
        return [{"words": [{"word": word, "moved": moved} for word, moved in words]} for words in found]

    predict_endpoint = Endpoint(
        name="predict",
        summary="Which class is it? A label, or `unsure`, or `empty` where there is no text; and all probabilities.",
        kind="texts",
        decode=str,
        predict=predict,
        example=EXAMPLE,
        example_result={"prediction": "business", "probabilities": {"business": 0.97, "sports": 0.03}},
    )
    explain_endpoint = Endpoint(
        name="explain",
        summary="Which words changed the prediction? The fall of its probability without each, largest first.",
        kind="texts",
        decode=str,
        predict=explain,
        example=EXAMPLE,
        example_result={"words": [{"word": "Shares", "moved": 0.21}]},
        batch_size=1,
    )
    return Service(
        PROJECT.name, predictor.network.metadata, [predict_endpoint, explain_endpoint], PAGE, export_path(config).parent
    )
