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
from shared.training.checkpoint import Checkpoint, load_checkpoint
from shared.training.files import best_checkpoint
from shared.training.trained import load_trained, note_trained_on
from src.config import Config
from src.dataloader import FaceData, load_data, load_people
from src.pairs import Pairs


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
    if on:
        trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
        threshold, data = earlier_threshold(config, trained), load_people(config, on)
        data.facts.update(note_trained_on(trained, data.faces.at(np.flatnonzero(data.found))))
    else:
        trained, data = load_trained(config, checkpoint, data, load_data)
        threshold = None
    official = None if on or trained.metadata["trained_on_data"] else data.official
    measured = [*data.pairs.values(), *([official] if official else [])]
    embeddings = embed(restore_model(config, trained), data.faces, np.concatenate([one.members for one in measured]))
    metrics = pair_scores(data, {name: pairs.similarities(embeddings) for name, pairs in data.pairs.items()}, threshold)
    folds = fold_scores(embeddings, official) if official else None
    summary = {f"{split} accuracy": f"{scores['accuracy']:.4f} of the pairs" for split, scores in metrics.items()}
    test, counts = metrics["test"], metrics["test"]["confusion"]
    low, high = test["accuracy_interval"]
    summary |= {
        "test accuracy": f"{test['accuracy']:.4f} of {test['pairs']:,} pairs (95 % interval {low:.4f} to {high:.4f})",
        "different people taken for one": f"{counts[0][1]:,} of {sum(counts[0]):,} test pairs",
        "one person taken for two": f"{counts[1][0]:,} of {sum(counts[1]):,} test pairs",
        "equal error rate": f"{test['eer']:.4f} on the test pairs",
        "without a face": f"{test['failed']} of the test pairs",
    }
    if folds:
        summary["all folds"] = f"{folds['accuracy']:.4f} ± {folds['deviation']:.4f} over {len(folds['folds'])} folds"
    details = {"folds": folds, "views": config.model.views}
    return write_evaluation(config, trained, data, metrics, summary, on, **details)


def earlier_threshold(config: Config, trained: Checkpoint) -> float:
    """The threshold that `evaluate` has chosen for these weights on the validation people; a UserError without one."""
    measured = read_evaluation(config.output_dir, trained.digest)
    if measured is None:
        raise UserError(
            "`evaluate` has not measured these weights, so there is no threshold; run it without --on first."
        )
    return float(measured["metrics"]["test"]["threshold"])


def pair_scores(
    data: FaceData, similarities: Mapping[str, np.ndarray], threshold: float | None = None
) -> dict[str, Any]:
    """Scores by the similarities of each split's pairs, float [P]; without a threshold at validation's best one."""
    if threshold is None:
        threshold = best_threshold(similarities["validation"], data.pairs["validation"].same)
    return {name: verification_scores(alike, data.pairs[name].same, threshold) for name, alike in similarities.items()}


def fold_scores(embeddings: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """The protocol of LFW on the pairs of a pairs.txt, with the scores over all of them at the mean threshold."""
    similarities = pairs.similarities(embeddings)
    folds = cross_validated(similarities, pairs.same, pairs.folds)
    threshold = float(np.mean([fold["threshold"] for fold in folds["folds"]]))
    return folds | {"all": verification_scores(similarities, pairs.same, threshold)}
