"""What the server accepts and returns: who of the gallery is in an image, whether two images show the same person."""

import hashlib

from PIL import Image

from shared.data.images import UnreadableImageError
from shared.errors import UserError
from shared.serving.classifier import EXAMPLE_FILES
from shared.serving.service import Endpoint, JsonObject, RefusedError, Service
from src.config import PROJECT, Config, export_path
from src.gallery import Gallery, normalize_name
from src.recognizer import Recognizer
from src.search import Identifier

PAGE = PROJECT / "src" / "page"


def make_service(config: Config) -> Service:
    """The endpoints, the metadata and the page; the gallery stays open as long as the process lives."""
    recognizer, gallery = Recognizer(config), Gallery(config.gallery.file)
    identifier, thresholds = Identifier(gallery, config.gallery, recognizer.decision), recognizer.decision.origin

    def decode(image: bytes) -> Image.Image:
        try:
            return recognizer.read(image, config.serve.max_pixels)
        except UnreadableImageError as error:
            raise RefusedError(str(error)) from error

    def decode_person(image: bytes, name: str) -> tuple[str, str, Image.Image]:
        try:
            return normalize_name(name), hashlib.sha256(image).hexdigest(), decode(image)
        except UserError as error:
            raise RefusedError(str(error)) from error

    def identify(images: list[Image.Image]) -> list[JsonObject]:
        return [
            {"status": photo.status, "faces": identifier.identify_faces(photo), "thresholds": thresholds}
            for photo in recognizer.photos_of_images(images)
        ]

    def verify(pairs: list[list[Image.Image]]) -> list[JsonObject]:
        photos = recognizer.photos_of_images([image for pair in pairs for image in pair])
        return [recognizer.compare(*pair) for pair in zip(photos[::2], photos[1::2], strict=True)]

    def enroll(people: list[tuple[str, str, Image.Image]]) -> list[JsonObject]:
        ((name, digest, image),) = people
        (photo,) = recognizer.photos_of_images([image])
        if photo.problem:
            return [{"status": "refused", "detail": f"the image {photo.problem[1]}"}]
        try:
            new = gallery.enroll(name, recognizer.embedder, photo.embeddings, [digest])
        except UserError as error:
            return [{"status": "refused", "detail": str(error)}]
        smaller = recognizer.smaller_faces(image)
        return [{"status": "enrolled", "name": name, "new": new, "smaller_faces": smaller}]

    image, face = EXAMPLE_FILES["images"], {"prediction": "unknown", "box": [10.0, 12.0, 90.0, 120.0], "nearest": []}
    identified = {"status": "faces", "faces": [face], "thresholds": "..."}
    verified = {"prediction": "same", "similarity": 0.93, "thresholds": "..."}
    enrolled = {"status": "enrolled", "name": "Eileen", "new": 1, "smaller_faces": 0}
    who = "Who of the gallery is in the image? One prediction for each face."
    same = "Do two images of one face show the same person? `same`, `different` or `can't tell`, with the error."
    add = "Add an image of one face to the gallery, under the `name` given beside it."
    endpoints = [
        Endpoint("predict", who, "images", decode, identify, image, identified),
        Endpoint(
            "verify", same, "images", lambda *two: [*map(decode, two)], verify, image, verified, elements_per_item=2
        ),
        Endpoint("enroll", add, "images", decode_person, enroll, image, enrolled, fields=("name",), batch_size=1),
    ]
    return Service(PROJECT.name, recognizer.network.metadata, endpoints, PAGE, export_path(config).parent)
