"""The server of a classifier of files: one file, one prediction."""

from pathlib import Path
from typing import Any, Literal

from shared.inference.predictions import Prediction, as_json
from shared.inference.predictor import Predictor, Prepared
from shared.serving.service import Endpoint, RefusedError, Service
from shared.settings import model_path

STROKE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAMCAAAAABzHgM7AAAAGklEQVR42mP8z4AATAwYHEZGXDLU4jDidAEAvBUCFxtNV/0AAAAASUVORK5CYII="
)
TONE = "UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAAAAg/z8AIAAAAOAAwADg"
EXAMPLE_FILES = {"images": STROKE, "recordings": TONE}
"""Files in base64 for the interface's description: a PNG of a vertical stroke, and eight samples of a tone as WAV."""


def classifier_service(
    config: Any, project: Path, predictor: Predictor, limit: float, kind: Literal["images", "recordings"], summary: str
) -> Service:
    """`POST /predict` for files that become inputs of one shape, the metadata of the exported network, and the page.

    Args:
        predictor: prepares a file of at most `limit` pixels or seconds; its label `unreadable` refuses the file.
        summary: what the endpoint answers, for the interface's description.
    """

    def decode(content: bytes) -> Prepared:
        prepared = predictor.prepare(content, limit)
        if isinstance(prepared, Prediction) and prepared.label == "unreadable":
            raise RefusedError(prepared.detail)
        return prepared

    def predict_batch(batch: list[Prepared]) -> list[dict[str, Any]]:
        return [as_json(one, predictor.network.labels) for one in predictor.predict(batch)]

    label, *_ = predictor.network.labels
    example_result = {"prediction": label, "probabilities": {label: 0.99, "another": 0.01}}
    endpoint = Endpoint("predict", summary, kind, decode, predict_batch, EXAMPLE_FILES[kind], example_result)
    folder = model_path(project, config).parent
    return Service(project.name, predictor.network.metadata, [endpoint], project / "src" / "page", folder)
