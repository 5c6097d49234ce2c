"""Find thresholds with guaranteed error rates on the user's own photos."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from models.model import embed, embedder_id, restore_model
from shared.console import log
from shared.export.to_onnx import write_manifest
from shared.files import write_json
from shared.metrics.verification import different_pairs
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, export_path
from src.dataloader import FaceData, load_data
from src.decision import FILE, calibrated
from src.pairs import Pairs


def calibrate(config: Config) -> dict[str, Any]:
    """Choose the thresholds of `verify` and `identify` on the people in data.root; write outputs/decision.json.

    If there is an exported embedder, they are also written beside it. Only people that the embedder has not learned
    from count.
    """
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    data = load_data(config)
    if data.record.source == "sample":
        log.warning("calibrated on the built-in sample, whose photos of a person are views of one image; use your own.")
    started = time.perf_counter()
    model = restore_model(config, trained)
    pairs = one_pair_each(data, unseen(data, trained.metadata["trained_on_data"]), config.seed)
    similarities = pairs.similarities(embed(model, data.faces, pairs.members))
    same, different = similarities[pairs.same], similarities[~pairs.same]
    people = data.labels[pairs.members[~pairs.same]]
    decision, observed = calibrated(different, people, same, config.decision, embedder_id(model))
    result = write_result(
        config.output_dir,
        "decision",
        seed=config.seed,
        data=data.as_dict(),
        metrics=observed,
        seconds=time.perf_counter() - started,
        decision=asdict(decision),
    )
    exported = export_path(config)
    if exported.is_file():
        write_json(exported.with_name(FILE), asdict(decision))
        write_manifest(exported.parent)
    log.info(f"calibrate: same above {decision.same_above:.3f}, different below {decision.different_below:.3f}")
    log.info(f"calibrate: {decision.origin}")
    return result


def unseen(data: FaceData, trained_on_data: bool) -> np.ndarray:
    """The indices of faces of people that the embedder has not learned from."""
    start = len(data.faces) - len(data.splits.test) if trained_on_data else 0  # the test split comes last
    return start + np.flatnonzero(data.found[start:])


def one_pair_each(data: FaceData, indices: np.ndarray, seed: int, most: int = 200_000) -> Pairs:
    """A pair of photos, drawn at random, for every two people and for every person with two photos.

    More pairs of the same people would look like more evidence than they are.
    """
    random, order = np.random.default_rng(seed), indices[data.labels[indices].argsort(kind="stable")]
    photos = np.split(order, np.flatnonzero(np.diff(data.labels[order])) + 1)  # person by person
    same = [random.choice(own, 2, replace=False) for own in photos if len(own) > 1]
    people = different_pairs(np.arange(len(photos)), most, random)
    different = [[random.choice(photos[first]), random.choice(photos[second])] for first, second in people]
    members = np.array([*same, *different], np.int64).reshape(-1, 2)
    return Pairs(members, np.arange(len(members)) < len(same), np.ones(len(members), np.int64))
