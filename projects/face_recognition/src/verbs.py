"""The short verbs: compare photos, keep a gallery of people, find them in photos; and the whole job."""

import builtins
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.console import columns, log
from shared.data.problems import named
from shared.data.skipped import collect_files
from src.config import Config
from src.gallery import Gallery, normalize_name


def verify(config: Config, first: Path, second: Path) -> dict[str, Any]:
    """Compare two photos of one face each: `same`, `different` or `can't tell`, and how sure that is.

    Args:
        first: an image file
        second: another
    """
    from src.recognizer import Recognizer  # here and below: `list` and `forget` need not wait for PyTorch

    recognizer = Recognizer(config)
    compared, decision = recognizer.compare(*map(recognizer.one_face, (first, second))), recognizer.decision
    log.info(
        f"verify: {compared['prediction']} (similarity {compared['similarity']:.3f}; same above "
        f"{decision.same_above:.3f}, different below {decision.different_below:.3f}; thresholds {decision.origin})"
    )
    return compared


def enroll(config: Config, name: str, photos: Sequence[Path]) -> dict[str, Any]:
    """Add photos of a person to the gallery, all or none; each must show one face.

    Args:
        name: the person in the photos
        photos: image files, or folders of them
    """
    from src.recognizer import Recognizer
    from src.search import Identifier

    name, (files, _), recognizer = normalize_name(name), collect_files(photos), Recognizer(config)
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


def identify(config: Config, photos: Sequence[Path]) -> Sequence[dict[str, Any]]:
    """Say who of the gallery is in each photo; every face gets a prediction, which may be `unknown`.

    Args:
        photos: image files, or folders of them
    """
    from src.recognizer import Recognizer
    from src.search import Identifier

    (files, _), recognizer, rows = collect_files(photos), Recognizer(config), []
    with Gallery(config.gallery.file) as gallery:
        if others := gallery.count_others(recognizer.embedder):
            log.warning(f"{others} photos of the gallery were enrolled with another embedder and cannot be compared.")
        log.info(f"identify: {len(gallery.people())} people in the gallery; thresholds {recognizer.decision.origin}")
        identifier = Identifier(gallery, config.gallery, recognizer.decision)
        for file, photo in zip(files, recognizer.photos(files), strict=True):
            nobody = [{"prediction": photo.status, "nearest": [], "detail": photo.detail}]
            rows += [{"file": str(file)} | row for row in identifier.identify_faces(photo) or nobody]
    for row in rows:
        nearest = "".join(f"; {person['name']} {person['similarity']:.3f}" for person in row["nearest"])
        log.info(f"{row['file']}: {row['prediction']}{nearest}")
    return rows


def forget(config: Config, name: str) -> dict[str, Any]:
    """Delete a person and all embeddings from the gallery; the bytes are overwritten, not only unlinked.

    Args:
        name: as `list` shows it
    """
    with Gallery(config.gallery.file) as gallery:
        photos = gallery.forget(name)
    log.info(f"forget: {name} is deleted, with {photos} embeddings")
    return {"name": name, "photos": photos}


def list(config: Config) -> builtins.list[dict[str, Any]]:  # noqa: A001 - the verb's name
    """Show who is enrolled, with how many photos, by which embedder, and since when."""
    file = config.gallery.file
    with Gallery(file) as gallery:
        rows = gallery.people()
    if rows:
        columns(f"{len(rows)} people in {file}", rows)
    else:
        log.info(f"list: the gallery {file} is empty; `python main.py enroll NAME photo.jpg` adds someone")
    return rows


def run(config: Config) -> dict[str, Any]:
    """Train, evaluate, compare with the baselines, export and report; then print a summary.

    An embedder that comes trained learns nothing; `small` is then trained from scratch beside it, in outputs/small, to
    compare with.
    """
    from shared.verbs import run as run_all

    return run_all(config, beside=train_small)


def train_small(config: Config, results: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Train and measure `small` on the same split where the embedder has learned nothing; gives a row for the table."""
    from src.dataloader import load_data
    from src.evaluate import evaluate
    from src.train import train

    if results["train"]["trained_on_data"]:
        return {}
    log.info("run: a small network is trained from scratch beside it, to compare with")
    folders = {"output_dir": config.output_dir / "small", "log_dir": config.log_dir / "small"}
    small = replace(config, model=replace(config.model, name="small"), **folders)
    data = load_data(small)  # its crops have another size
    train(small, data=data)
    test = evaluate(small, data=data)["metrics"]["test"]
    return {"small, trained here": f"{test['accuracy']:.4f} on the test pairs"}
