"""Measure the embedder on pairs of the test people: evaluate(config, checkpoint) -> metrics."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from models.model import Embedder
from shared.console import log
from shared.data.sources import warn_if_other_data
from shared.files import file_digest
from shared.metrics.verification import best_threshold, cross_validated, verification_scores
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config
from src.dataloader import Data, load_data
from src.pairs import Pairs
from src.utils import crop_size, embed_some, restore_model, similarities_of


def evaluate(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Measure an embedder on pairs of the validation and test people; write outputs/evaluate.json.

    The threshold is the best one on the validation people's pairs. Where there is a pairs.txt and the embedder has
    learned from none of these people, all its folds are measured too, each at the threshold that is best on the others.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = load_data(config, crop_size(config))
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    started = time.perf_counter()
    metrics, folds = measured(restore_model(config, trained), data, trained.metadata["trained_on_data"])
    result = write_result(
        config.output_dir,
        "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.metadata["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - started,
        folds=folds,
        views=config.model.views,
        checkpoint=file_digest(trained.path),
        epoch=trained.metadata["epoch"],
        parameters=trained.metadata["parameters"],
        first_weights=trained.metadata["first_weights"],
    )
    low, high = metrics["test"]["accuracy_interval"]
    log.info(
        f"evaluate: {metrics['test']['accuracy']:.4f} of {metrics['test']['pairs']:,} test pairs answered rightly "
        f"(95 % interval {low:.4f} to {high:.4f}), {metrics['test']['failed']} of them without a face"
    )
    if folds:
        log.info(f"evaluate: {len(folds['folds'])} folds: {folds['accuracy']:.4f} ± {folds['deviation']:.4f}")
    return result


def measured(model: Embedder, data: Data, trained_on_data: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The scores by split, and those of the folds where they mean something."""
    of_folds = None if trained_on_data else data.official
    shown = [data.validation_pairs, data.test_pairs] + ([of_folds] if of_folds else [])
    embeddings = embed_some(model, data.faces, np.concatenate([pairs.members.ravel() for pairs in shown]))
    return split_scores(embeddings, data), of_folds and fold_scores(embeddings, of_folds)


def split_scores(embeddings: np.ndarray, data: Data) -> dict[str, Any]:
    """Scores on the validation and test pairs, both at the threshold that is best on the validation pairs."""
    validation = similarities_of(embeddings, data.validation_pairs)
    test = similarities_of(embeddings, data.test_pairs)
    threshold = best_threshold(validation, data.validation_pairs.same)
    return {
        "validation": verification_scores(validation, data.validation_pairs.same, threshold),
        "test": verification_scores(test, data.test_pairs.same, threshold),
    }


def fold_scores(embeddings: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """The protocol of LFW on the pairs of a pairs.txt, with the scores over all of them at the mean threshold."""
    similarities = similarities_of(embeddings, pairs)
    folds = cross_validated(similarities, pairs.same, pairs.folds)
    threshold = float(np.mean([fold["threshold"] for fold in folds["folds"]]))
    return folds | {"all": verification_scores(similarities, pairs.same, threshold)}
