"""What the server can be asked: who of the gallery is in a picture, and whether two pictures show the same person."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from shared.data.images import UnreadableImageError, read_image
from shared.errors import UserError
from shared.serving.service import RefusedError, Service, Verb
from src.config import PROJECT, Config
from src.decision import Decision, load_decision
from src.gallery import Gallery
from src.identify import Identifier, answers_of
from src.recogniser import Photo, Recogniser
from src.similarity import similarity

PAGE = PROJECT / "src" / "page"
MOST_CHARACTERS = 100  # of a name
Answer = dict[str, Any]


def open_service(config: Config) -> Service:
    """The service with the gallery of the configuration, which stays open as long as the process lives."""
    return make_service(config, Gallery(config.gallery.file))


def make_service(config: Config, gallery: Gallery) -> Service:
    """What the server needs to know of this project."""
    recogniser = Recogniser(config)
    decision = load_decision(config.output_dir, recogniser.embedder)
    identifier = Identifier(gallery, config.gallery, decision)

    def decode(picture: bytes) -> Image.Image:
        try:
            return read_image(picture, config.serve.max_pixels)
        except UnreadableImageError as error:
            raise RefusedError(str(error)) from error

    def identify(images: list[Image.Image]) -> list[Answer]:
        return [as_plain(photo, identifier, decision) for photo in recogniser.photos_of_images(images)]

    def verify(pairs: list[tuple[Image.Image, Image.Image]]) -> list[Answer]:
        photos = recogniser.photos_of_images([image for pair in pairs for image in pair])
        return [compare(first, second, decision) for first, second in zip(photos[::2], photos[1::2], strict=True)]

    def enroll(people: list[tuple[str, str, Image.Image]]) -> list[Answer]:
        return [add(gallery, recogniser, *person) for person in people]

    verbs = [
        _verb("predict", "Who of the gallery is in the picture? One answer a face.", decode, identify, PREDICTED),
        _verb(
            "verify",
            "Do two pictures show the same person? `same`, `different` or `can't tell`, with the error of that.",
            lambda first, second: (decode(first), decode(second)),
            verify,
            {"answer": "same", "similarity": 0.93, "thresholds": "..."},
            together=2,
        ),
        _verb(
            "enroll",
            "Add a picture of one face to the gallery, under the `name` given beside it.",
            lambda picture, name: (checked_name(name), hashlib.sha256(picture).hexdigest(), decode(picture)),
            enroll,
            {"answer": "enrolled", "name": "Eileen", "new": 1},
            fields=("name",),
            batch_size=1,
        ),
    ]
    return Service(PROJECT.name, recogniser.network.about, verbs, PAGE)


def as_plain(photo: Photo, identifier: Identifier, decision: Decision) -> Answer:
    """Who is in a photo, as JSON has it."""
    if photo.answer != "faces":
        return {"answer": photo.answer, "faces": []}
    rows = answers_of("", photo, identifier)
    return {
        "answer": "faces",
        "faces": [{key: value for key, value in row.items() if key != "file"} for row in rows],
        "thresholds": decision.origin,
    }


def compare(first: Photo, second: Photo, decision: Decision) -> Answer:
    """Whether the largest faces of two photos are the same person's."""
    for name, photo in (("first", first), ("second", second)):
        if photo.answer != "faces":
            return {"answer": "no face", "detail": f"the {name} picture shows no face"}
    alike = float(similarity(first.embeddings[0], second.embeddings[0]))
    return {"answer": decision.answer(alike), "similarity": alike, "thresholds": decision.origin}


def add(gallery: Gallery, recogniser: Recogniser, name: str, digest: str, image: Image.Image) -> Answer:
    """Enrol the only face of a picture."""
    photo = recogniser.photos_of_images([image])[0]
    if len(photo.faces) != 1:
        return {"answer": "refused", "detail": f"the picture shows {len(photo.faces)} faces; it must show one"}
    try:
        new = gallery.enroll(name, recogniser.embedder, np.stack(photo.embeddings), [digest])
    except UserError as error:
        return {"answer": "refused", "detail": str(error)}
    return {"answer": "enrolled", "name": name, "new": new}


def checked_name(name: str) -> str:
    """The name; raises a RefusedError for what is none."""
    if not name.strip() or not name.isprintable() or len(name) > MOST_CHARACTERS:
        raise RefusedError("the name is empty, too long, or cannot be read")
    return name


def _verb(
    name: str,
    summary: str,
    decode: Callable[..., Any],
    predict: Callable[[list[Any]], list[Answer]],
    answer: Answer,
    **details: Any,
) -> Verb:
    return Verb(name, summary, "images", decode, predict, EXAMPLE, answer, **details)


PREDICTED = {
    "answer": "faces",
    "faces": [{"answer": "unknown", "box": [10.0, 12.0, 90.0, 120.0], "nearest": []}],
    "thresholds": "...",
}
EXAMPLE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR42mP4z8DAwPAfAAcAAf/Hcw2XAAAAAElFTkSuQmCC"
"""A red and a blue pixel, as a PNG file in base64: there is no face on it."""
