"""The server's endpoint of a classifier: one input, one prediction."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np

from shared.inference.model import OnnxModel
from shared.inference.predictions import Prediction, as_json
from shared.serving.service import Endpoint, RefusedError

Prepared = np.ndarray | Prediction  # the network's input, or a prediction where the network need not be asked


class Predictor(Protocol):
    """What a project's src/predict.py has: an exported classifier with its preparation."""

    network: OnnxModel

    def predict(self, prepared: Sequence[Prepared]) -> list[Prediction]:
        """The predictions for prepared inputs, in their order."""


def classifier_endpoint(
    predictor: Predictor,
    prepare: Callable[[bytes], Prepared],
    *,
    kind: Literal["images", "recordings"],
    summary: str,
    example: str,
    example_label: str,
) -> Endpoint:
    """`POST /predict` for files that become inputs of one shape.

    Args:
        predictor: predicts what `prepare` gives.
        prepare: from a file's bytes to what `predict` takes; the label `unreadable` refuses the file.
        example: a file in base64.
        example_label: the label that the description shows for it.
    """

    def decode(content: bytes) -> Prepared:
        prepared = prepare(content)
        if isinstance(prepared, Prediction) and prepared.label == "unreadable":
            raise RefusedError(prepared.detail)
        return prepared

    def predict_batch(batch: list[Prepared]) -> list[dict[str, Any]]:
        return [as_json(one, predictor.network.labels) for one in predictor.predict(batch)]

    example_result = {"prediction": example_label, "probabilities": {example_label: 0.99, "another": 0.01}}
    return Endpoint("predict", summary, kind, decode, predict_batch, example, example_result)
