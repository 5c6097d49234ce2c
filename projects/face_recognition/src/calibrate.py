"""Find thresholds that keep a promise on the user's own photos: calibrate(config) -> thresholds."""

import time
from typing import Any

import numpy as np

from shared.console import log
from shared.export.to_onnx import write_manifest
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config, export_path
from src.dataloader import Data, load_data
from src.decision import as_plain, calibrated
from src.on_device import write_thresholds
from src.pairs import Pairs
from src.utils import crop_size, embed_some, embedder_id, restore_model, similarities_of


def calibrate(config: Config) -> dict[str, Any]:
    """Choose the thresholds of `verify` and `identify` on the people in data.root; write outputs/decision.json.

    Where there is an exported embedder, they are written beside it too.

    Only people that the embedder has not learned from count.
    """
    trained = load_checkpoint(best_checkpoint(config.output_dir))
    data = load_data(config, crop_size(config))
    if data.record.source == "sample":
        log.warning("calibrated on the built-in sample, whose photos of a person are views of one image; use your own.")
    started = time.perf_counter()
    model = restore_model(config, trained)
    pairs = one_pair_each(data, unseen(data, trained.metadata["trained_on_data"]), config.seed)
    similarities = similarities_of(embed_some(model, data.faces, pairs.members.ravel()), pairs)
    same, different = similarities[pairs.same], similarities[~pairs.same]
    people = data.faces.labels[pairs.members[~pairs.same]]
    decision, observed = calibrated(different, people, same, config.decision, embedder_id(model, config))
    result = write_result(
        config.output_dir,
        "decision",
        seed=config.seed,
        data=data.as_dict(),
        metrics=observed,
        seconds=time.perf_counter() - started,
        decision=as_plain(decision),
    )
    exported = export_path(config)
    if exported.is_file():
        write_thresholds(exported.parent, decision)
        write_manifest(exported.parent)
    log.info(f"calibrate: same above {decision.same_above:.3f}, different below {decision.different_below:.3f}")
    log.info(f"calibrate: {decision.origin}")
    return result


def unseen(data: Data, trained_on_data: bool) -> np.ndarray:
    """The indices of faces of people that the embedder has not learned from."""
    splits = (data.splits.test,) if trained_on_data else tuple(vars(data.splits).values())
    indices = np.concatenate(splits)
    return np.sort(indices[data.faces.found[indices]])


def one_pair_each(data: Data, indices: np.ndarray, seed: int, most: int = 200_000) -> Pairs:
    """A pair of photos, drawn at random, for every two people and for every person with two photos.

    More pairs of the same people would look like more evidence than they are.
    """
    random = np.random.default_rng(seed)
    photos = [indices[data.faces.labels[indices] == label] for label in np.unique(data.faces.labels[indices])]
    same = [random.choice(own, 2, replace=False) for own in photos if len(own) > 1]
    first, second = np.triu_indices(len(photos), k=1)
    kept = np.sort(random.choice(len(first), min(most, len(first)), replace=False)) if len(first) else np.arange(0)
    different = [[random.choice(photos[first[i]]), random.choice(photos[second[i]])] for i in kept]
    members = np.array([*same, *different], np.int64).reshape(-1, 2)
    return Pairs(members, np.arange(len(members)) < len(same), np.ones(len(members), np.int64))
