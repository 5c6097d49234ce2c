"""What the server can be asked about texts, and how the exported network answers."""

from typing import Any

from shared.serving.service import Endpoint, Service
from src.config import PROJECT, Config
from src.predict import Answer, Predictor

PAGE = PROJECT / "src" / "page"
EXAMPLE = "Shares fell sharply after the bank's warning."


def make_service(config: Config) -> Service:
    """What the server needs to know of this project."""
    predictor = Predictor(config)

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        return [as_plain(found, predictor.network.labels) for found in predictor.answer(texts)]

    def words(texts: list[str]) -> list[dict[str, Any]]:
        return [
            {"words": [{"word": word, "moved": moved} for word, moved in predictor.words_that_mattered(text)]}
            for text in texts
        ]

    predict = Endpoint(
        name="predict",
        summary="Which class is it? A label, or `unsure`, or `empty` where there is no text; and all probabilities.",
        kind="texts",
        decode=str,
        predict=answer,
        example=EXAMPLE,
        example_result={"prediction": "business", "probabilities": {"business": 0.97, "sports": 0.03}},
    )
    explain = Endpoint(
        name="explain",
        summary="Which words moved the answer? By how much its probability falls without each of them, largest first.",
        kind="texts",
        decode=str,
        predict=words,
        example=EXAMPLE,
        example_result={"words": [{"word": "Shares", "moved": 0.21}]},
        batch_size=1,
    )
    return Service(PROJECT.name, predictor.network.metadata, [predict, explain], PAGE)


def as_plain(found: Answer, labels: list[str]) -> dict[str, Any]:
    """An answer as JSON has it."""
    if found.probabilities is None:
        return {"prediction": found.answer}
    return {"prediction": found.answer, "probabilities": dict(zip(labels, found.probabilities.tolist(), strict=True))}
