"""Measure the embedder on pairs of the validation and test people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.model import embed, restore_model
from shared.errors import UserError
from shared.evaluation import write_evaluation
from shared.metrics.verification import best_threshold, cross_validated, verification_scores
from shared.results import read_evaluation
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from shared.training.trained import load_trained, note_trained_on
from src.config import Config
from src.dataloader import FaceData, load_data


def evaluate(
    config: Config, checkpoint: Path | None = None, on: Path | None = None, *, data: FaceData | None = None
) -> dict[str, Any]:
    """Measure an embedder on pairs of the validation and test people; write outputs/evaluate.json.

    The threshold is the best one on the validation people's pairs. Where there is a pairs.txt and the embedder has
    learned from none of these people, all its folds are measured too, each at the threshold that is best on the others.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        on: a folder of one folder per person; pairs of all its photos are measured in place of these splits, at the
            threshold that `evaluate` has found, for outputs/evaluate-on.json
    """
    threshold, official = None, None
    if on:
        trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
        measured = read_evaluation(config.output_dir, trained.digest)
        if measured is None:
            raise UserError(
                "`evaluate` has not measured these weights, so there is no threshold; run it without --on first."
            )
        threshold, data = float(measured["metrics"]["test"]["threshold"]), load_data(config, on)
        data.facts.update(note_trained_on(trained, data.faces.at(np.flatnonzero(data.found))))
    else:
        trained, data = load_trained(config, checkpoint, data, load_data)
        official = None if trained.metadata["trained_on_data"] else data.official
    pairs = data.pairs | ({"folds": official} if official else {})
    members = np.concatenate([each.members for each in pairs.values()])
    embeddings = embed(restore_model(config, trained), data.faces, members)
    similarities = {name: each.similarities(embeddings) for name, each in pairs.items()}
    folds = cross_validated(similarities.pop("folds"), official.same, official.folds) if official else None
    metrics = pair_scores(data, similarities, threshold)
    details = {"folds": folds, "views": config.model.views}
    return write_evaluation(config, trained, data, metrics, summary_rows(metrics, folds), on, **details)


def pair_scores(
    data: FaceData, similarities: Mapping[str, np.ndarray], threshold: float | None = None
) -> dict[str, Any]:
    """Scores by the similarities of each split's pairs, float [P]; without a threshold at validation's best one."""
    if threshold is None:
        threshold = best_threshold(similarities["validation"], data.pairs["validation"].same)
    return {name: verification_scores(alike, data.pairs[name].same, threshold) for name, alike in similarities.items()}


def summary_rows(metrics: Mapping[str, Any], folds: Mapping[str, Any] | None) -> dict[str, str]:
    """The scores as rows for people."""
    rows = {f"{split} accuracy": f"{scores['accuracy']:.4f} of the pairs" for split, scores in metrics.items()}
    test, (different, same) = metrics["test"], metrics["test"]["confusion"]
    (low, high), accepted = test["accuracy_interval"], test["tar_at_far"]["0.01"]
    rows |= {
        "test accuracy": f"{test['accuracy']:.4f} of {test['pairs']:,} pairs (95 % interval {low:.4f} to {high:.4f})",
        "false accepts": f"{different[1]:,} of {sum(different):,} test pairs of different people",
        "false rejects": f"{same[0]:,} of {sum(same):,} test pairs of the same person",
        "true accepts": "too few pairs to tell" if accepted is None else f"{accepted:.4f} at 1 % false accepts",
        "equal error rate": f"{test['eer']:.4f} on the test pairs",
        "without a face": f"{test['failed']} of the test pairs",
    }
    if folds:
        rows["all folds"] = f"{folds['accuracy']:.4f} ± {folds['deviation']:.4f} over {len(folds['folds'])} folds"
    return rows
