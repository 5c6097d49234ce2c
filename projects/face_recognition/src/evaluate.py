"""Measure the embedder on pairs of the validation and test people."""

import time
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
        return evaluate_on(config, checkpoint, on)
    trained, data = load_trained(config, checkpoint, data, load_data)
    started = time.perf_counter()
    official = None if trained.metadata["trained_on_data"] else data.official
    measured = [data.validation_pairs, data.test_pairs, *([official] if official else [])]
    members = np.concatenate([pairs.members.ravel() for pairs in measured])
    embeddings = embed(restore_model(config, trained), data.faces, members)
    metrics = split_scores(data, *(pairs.similarities(embeddings) for pairs in measured[:2]))
    folds = fold_scores(embeddings, official) if official else None
    summary = {"validation accuracy": f"{metrics['validation']['accuracy']:.4f} of the pairs"}
    summary |= {f"test {name}": value for name, value in described(metrics["test"]).items()}
    if folds:
        summary["all folds"] = f"{folds['accuracy']:.4f} ± {folds['deviation']:.4f} over {len(folds['folds'])} folds"
    details = {"folds": folds, "views": config.model.views}
    return write_evaluation(config, trained, data, metrics, summary, started, **details)


def evaluate_on(config: Config, checkpoint: Path | None, on: Path) -> dict[str, Any]:
    """Measure an embedder on pairs of all photos in a folder (see `evaluate`)."""
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    earlier = read_evaluation(config.output_dir, trained.digest)
    if earlier is None:
        raise UserError(
            "`evaluate` has not measured these weights, so there is no threshold; run it without --on first."
        )
    threshold = earlier["metrics"]["test"]["threshold"]
    data, started = load_people(config, on), time.perf_counter()
    data.facts.update(note_trained_on(trained, data.faces.at(np.flatnonzero(data.found))))
    embeddings = embed(restore_model(config, trained), data.faces, data.test_pairs.members)
    similarities, same = data.test_pairs.similarities(embeddings), data.test_pairs.same
    accepted = similarities >= threshold  # false where a photo has no face
    confusion = [[int((same == truth)[accepted == said].sum()) for said in (False, True)] for truth in (False, True)]
    test = verification_scores(similarities, same, threshold) | {"confusion": confusion}
    summary = described(test) | {
        "different people taken for one": f"{confusion[0][1]:,} of {(~same).sum():,} pairs",
        "one person taken for two": f"{confusion[1][0]:,} of {same.sum():,} pairs",
    }
    return write_evaluation(config, trained, data, {"test": test}, summary, started, on, views=config.model.views)


def described(scores: dict[str, Any]) -> dict[str, str]:
    """The scores of some pairs, as rows for people."""
    low, high = scores["accuracy_interval"]
    return {
        "accuracy": f"{scores['accuracy']:.4f} of {scores['pairs']:,} pairs (95 % interval {low:.4f} to {high:.4f})",
        "equal error rate": f"{scores['eer']:.4f}",
        "pairs without a face": f"{scores['failed']}",
    }


def split_scores(data: FaceData, validation: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Scores by the similarities of both splits' pairs, float [P], at the threshold that is best on validation."""
    threshold = best_threshold(validation, data.validation_pairs.same)
    return {
        "validation": verification_scores(validation, data.validation_pairs.same, threshold),
        "test": verification_scores(test, data.test_pairs.same, threshold),
    }


def fold_scores(embeddings: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """The protocol of LFW on the pairs of a pairs.txt, with the scores over all of them at the mean threshold."""
    similarities = pairs.similarities(embeddings)
    folds = cross_validated(similarities, pairs.same, pairs.folds)
    threshold = float(np.mean([fold["threshold"] for fold in folds["folds"]]))
    return folds | {"all": verification_scores(similarities, pairs.same, threshold)}
