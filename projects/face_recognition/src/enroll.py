"""Add a person's photos to the gallery."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import log
from shared.data.problems import named
from shared.data.skipped import collect_files
from src.config import Config
from src.gallery import Gallery, one_spelling
from src.identify import Identifier
from src.recognizer import Recognizer


def enroll(config: Config, name: str, photos: list[Path]) -> dict[str, Any]:
    """Add photos of a person to the gallery, all or none; each must show one face.

    Args:
        name: the person in the photos
        photos: image files, or folders of them
    """
    name, (files, _), recognizer = one_spelling(name), collect_files(photos), Recognizer(config)
    embeddings = np.stack([recognizer.one_face(file).embeddings[0] for file in files])
    smaller = [str(file) for file in files if recognizer.smaller_faces(recognizer.read(file))]
    if smaller:
        log.warning(
            f"{len(smaller)} of {len(files)} photos show smaller faces beside the one that is enrolled; crop them if "
            f"{name} is one of those: {named(smaller)}"
        )
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    with Gallery(config.gallery.file) as gallery:
        identifier = Identifier(gallery, config.gallery, recognizer.decision)
        people = {person["name"] for person in gallery.people()} - {name}
        if others := people & {identifier.identify(embedding)[0] for embedding in embeddings}:
            log.warning(f"{name} looks like {', '.join(sorted(others))}, who is in the gallery under that name.")
        new = gallery.enroll(name, recognizer.embedder, embeddings, digests)
    log.info(f"enroll: {name}: {new} new photos, {len(files) - new} were there already")
    return {"name": name, "photos": len(files), "new": new, "with_smaller_faces": len(smaller)}
