"""A look at photos that scikit-image ships: what is found in them, and whether photos of one person verify."""

import time
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from skimage.data import astronaut, camera, chelsea

from shared.console import log
from shared.results import write_result
from src.config import Config
from src.decision import load_decision
from src.recognizer import Photo, Recognizer


def demonstrate(config: Config) -> dict[str, Any]:
    """Find and compare faces in two photos of people and one of a cat; write outputs/photos.json.

    There is one photograph of each person, so the second photo of the astronaut is the first one, changed: smaller,
    mirrored, darker and turned.
    """
    started = time.perf_counter()
    recognizer = Recognizer(config)
    decision = load_decision(config.output_dir, recognizer.embedder)
    images = images_of_people()
    photos = dict(zip(images, recognizer.photos_of_images(list(images.values())), strict=True))
    counts = {name: len(photo.faces) for name, photo in photos.items()}
    compared = [
        {"first": "astronaut", "second": second, **decision.compare(photos["astronaut"], photos[second])}
        for second in ("astronaut, changed", "cameraman")
    ]
    summary = ", ".join(f"{name}: {count}" for name, count in counts.items()) + " faces"
    summary += "".join(f"; {row['first']} and {row['second']}: {row['prediction']}" for row in compared)
    log.info(f"photos: {summary}")
    return write_result(
        config.output_dir,
        "photos",
        seed=recognizer.network.metadata["seed"],
        data=recognizer.network.metadata["data"],
        metrics={"faces": counts, "pairs": compared},
        seconds=time.perf_counter() - started,
        thresholds=decision.origin,
        summary=summary,
    )


def images_of_people() -> dict[str, Image.Image]:
    """Photographs that scikit-image ships (astronaut: NASA, public domain; camera: CC0; chelsea, a cat: CC0)."""
    person = Image.fromarray(astronaut())
    changed = ImageEnhance.Brightness(ImageOps.mirror(person).resize((360, 360))).enhance(0.7).rotate(10)
    return {
        "astronaut": person,
        "astronaut, changed": changed,
        "cameraman": Image.fromarray(camera()),
        "cat": Image.fromarray(chelsea()),
    }


def draw_faces(image: Image.Image, photo: Photo) -> Image.Image:
    """The image in RGB with a frame around each face and a point on each landmark."""
    drawn = image.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    for face in photo.faces:
        pen.rectangle(face.box, outline="#f59e0b", width=3)
        for x, y in face.landmarks:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill="#2563eb")
    return drawn
