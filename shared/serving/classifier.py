"""The server's endpoint of a classifier: one input, one prediction."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from shared.inference.predictions import Prediction, as_json
from shared.serving.service import Endpoint, RefusedError

Prepared = np.ndarray | Prediction  # the network's input, or a prediction where the network need not be asked


def classifier_endpoint(
    prepare: Callable[[bytes], Prepared],
    predict: Callable[[Sequence[Prepared]], list[Prediction]],
    labels: Sequence[str],
    *,
    kind: Literal["images", "recordings"],
    summary: str,
    example: str,
    example_label: str,
) -> Endpoint:
    """`POST /predict` for files that become inputs of one shape.

    Args:
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
        return [as_json(one, labels) for one in predict(batch)]

    example_result = {"prediction": example_label, "probabilities": {example_label: 0.99, "another": 0.01}}
    return Endpoint("predict", summary, kind, decode, predict_batch, example, example_result)
