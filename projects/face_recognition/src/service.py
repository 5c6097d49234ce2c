"""What the server can be asked: who of the gallery is in an image, and whether two images show the same person."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from shared.data.images import UnreadableImageError, read_image
from shared.errors import UserError
from shared.serving.service import Endpoint, JsonObject, RefusedError, Service
from src.config import PROJECT, Config
from src.decision import Decision, load_decision
from src.gallery import Gallery
from src.identify import Identifier, answers_of
from src.recognizer import Photo, Recognizer
from src.similarity import similarity

PAGE = PROJECT / "src" / "page"
MOST_CHARACTERS = 100  # of a name


def open_service(config: Config) -> Service:
    """The service with the gallery of the configuration, which stays open as long as the process lives."""
    return make_service(config, Gallery(config.gallery.file))


def make_service(config: Config, gallery: Gallery) -> Service:
    """What the server needs to know of this project."""
    recognizer = Recognizer(config)
    decision = load_decision(config.output_dir, recognizer.embedder)
    identifier = Identifier(gallery, config.gallery, decision)

    def decode(image: bytes) -> Image.Image:
        try:
            return read_image(image, config.serve.max_pixels)
        except UnreadableImageError as error:
            raise RefusedError(str(error)) from error

    def identify(images: list[Image.Image]) -> list[JsonObject]:
        return [as_plain(photo, identifier, decision) for photo in recognizer.photos_of_images(images)]

    def verify(pairs: list[tuple[Image.Image, Image.Image]]) -> list[JsonObject]:
        photos = recognizer.photos_of_images([image for pair in pairs for image in pair])
        return [compare(first, second, decision) for first, second in zip(photos[::2], photos[1::2], strict=True)]

    def enroll(people: list[tuple[str, str, Image.Image]]) -> list[JsonObject]:
        return [add(gallery, recognizer, *person) for person in people]

    endpoints = [
        _endpoint("predict", "Who of the gallery is in the image? One prediction a face.", decode, identify, PREDICTED),
        _endpoint(
            "verify",
            "Do two images show the same person? `same`, `different` or `can't tell`, with the error of that.",
            lambda first, second: (decode(first), decode(second)),
            verify,
            {"prediction": "same", "similarity": 0.93, "thresholds": "..."},
            elements_per_item=2,
        ),
        _endpoint(
            "enroll",
            "Add an image of one face to the gallery, under the `name` given beside it.",
            lambda image, name: (checked_name(name), hashlib.sha256(image).hexdigest(), decode(image)),
            enroll,
            {"status": "enrolled", "name": "Eileen", "new": 1},
            fields=("name",),
            batch_size=1,
        ),
    ]
    return Service(PROJECT.name, recognizer.network.metadata, endpoints, PAGE)


def as_plain(photo: Photo, identifier: Identifier, decision: Decision) -> JsonObject:
    """Who is in a photo, as JSON has it."""
    if photo.status != "faces":
        return {"status": photo.status, "faces": []}
    rows = answers_of("", photo, identifier)
    return {
        "status": "faces",
        "faces": [{key: value for key, value in row.items() if key != "file"} for row in rows],
        "thresholds": decision.origin,
    }


def compare(first: Photo, second: Photo, decision: Decision) -> JsonObject:
    """Whether the largest faces of two photos are the same person's."""
    for name, photo in (("first", first), ("second", second)):
        if photo.status != "faces":
            return {"prediction": "no face", "detail": f"the {name} image shows no face"}
    alike = float(similarity(first.embeddings[0], second.embeddings[0]))
    return {"prediction": decision.answer(alike), "similarity": alike, "thresholds": decision.origin}


def add(gallery: Gallery, recognizer: Recognizer, name: str, digest: str, image: Image.Image) -> JsonObject:
    """Enrol the only face of an image."""
    photo = recognizer.photos_of_images([image])[0]
    if len(photo.faces) != 1:
        return {"status": "refused", "detail": f"the image shows {len(photo.faces)} faces; it must show one"}
    try:
        new = gallery.enroll(name, recognizer.embedder, np.stack(photo.embeddings), [digest])
    except UserError as error:
        return {"status": "refused", "detail": str(error)}
    return {"status": "enrolled", "name": name, "new": new}


def checked_name(name: str) -> str:
    """The name; raises a RefusedError for what is none."""
    if not name.strip() or not name.isprintable() or len(name) > MOST_CHARACTERS:
        raise RefusedError("the name is empty, too long, or cannot be read")
    return name


def _endpoint(
    name: str,
    summary: str,
    decode: Callable[..., Any],
    predict: Callable[[list[Any]], list[JsonObject]],
    example_result: JsonObject,
    **details: Any,
) -> Endpoint:
    return Endpoint(name, summary, "images", decode, predict, EXAMPLE, example_result, **details)


PREDICTED = {
    "status": "faces",
    "faces": [{"prediction": "unknown", "box": [10.0, 12.0, 90.0, 120.0], "nearest": []}],
    "thresholds": "...",
}
EXAMPLE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR42mP4z8DAwPAfAAcAAf/Hcw2XAAAAAElFTkSuQmCC"
"""A red and a blue pixel, as a PNG file in base64: there is no face on it."""
