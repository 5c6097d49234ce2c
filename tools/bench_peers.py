"""The servers that ours is compared with, as their guides write them, around the same work."""

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
ASKED = "BENCH_ASKED"  # in the environment: what the servers are asked about, digits or texts
OUTPUTS = "BENCH_OUTPUTS"  # in the environment: the folder of the project's outputs
PROJECTS = {"digits": "mnist_classifier", "texts": "text_classification"}
PROJECT = REPOSITORY / "projects" / PROJECTS[os.environ.get(ASKED, "digits")]
FIELD = {"mnist_classifier": "images", "text_classification": "texts"}[PROJECT.name]
sys.path[:0] = [str(PROJECT), str(REPOSITORY)]

import bentoml
import litserve
from fastapi import FastAPI
from pydantic import create_model

from shared.inference.predictions import as_json
from src import predict as verb
from src.config import load_config

CLIENTS = 16
QUIET: Any = {"access": {"enabled": False}}  # as the others are: a line for each request takes time


def answering() -> Callable[[list[str]], list[dict[str, Any]]]:
    """The work of every server: from images in base64, or from texts, to answers."""
    config = load_config(PROJECT / "configs" / "config.yaml", "--output_dir", os.environ[OUTPUTS])
    predictor: Any = verb.make_predictor(config) if FIELD == "images" else verb.Predictor(config)

    def answer(asked: list[str]) -> list[dict[str, Any]]:
        inputs: list[Any] = asked
        if FIELD == "images":
            inputs = [predictor.prepare(base64.b64decode(one)) for one in asked]
        return [as_json(one, predictor.network.labels) for one in predictor.predict(inputs)]

    return answer


Item = create_model("Item", **{FIELD: list[str]})  # type: ignore[call-overload]


def plain_fastapi() -> FastAPI:
    """What one writes first: a `def` endpoint, which FastAPI calls in a pool of threads."""
    answer, app = answering(), FastAPI()

    @app.post("/predict")
    def predict(item: Item) -> dict[str, Any]:  # type: ignore[valid-type]
        return {"results": answer(getattr(item, FIELD))}

    return app


class LitServeApi(litserve.LitAPI):
    """LitServe computes in a process of its own, one item at a time."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe names it
        """Load the network."""
        self.answer = answering()

    def decode_request(self, request: dict[str, list[str]]) -> str:
        """The one image or text."""
        return request[FIELD][0]

    def predict(self, asked: Any) -> Any:
        """Its answer; or, where LitServe batches, the answers to several."""
        return self.answer(asked if isinstance(asked, list) else [asked])

    def encode_response(self, output: Any) -> dict[str, Any]:
        """The answer as ours has it."""
        return {"results": output if isinstance(output, list) else [output]}


def run_litserve(port: int, batch_size: int) -> None:
    """Serve with LitServe; a batch waits for two milliseconds to fill."""
    batching = {"max_batch_size": batch_size, "batch_timeout": 0.002} if batch_size > 1 else {}
    server = litserve.LitServer(LitServeApi(**batching), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=port, log_level="warning", generate_client_file=False)


@bentoml.service(name="digits", workers=1, traffic={"timeout": 30}, logging=QUIET)
class BentoDigits:
    """BentoML with its adaptive batching."""

    def __init__(self) -> None:
        self.answer = answering()

    @bentoml.api(batchable=True, max_batch_size=2 * CLIENTS, max_latency_ms=1000, route="/predict")
    def predict(self, images: list[str]) -> list[dict[str, Any]]:
        """The answers to the images of several items."""
        return self.answer(images)


@bentoml.service(name="texts", workers=1, traffic={"timeout": 30}, logging=QUIET)
class BentoTexts:
    """The same for texts: BentoML names what it is asked after the argument."""

    def __init__(self) -> None:
        self.answer = answering()

    @bentoml.api(batchable=True, max_batch_size=2 * CLIENTS, max_latency_ms=1000, route="/predict")
    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """The answers to the texts of several items."""
        return self.answer(texts)
