"""Measure the trained network on the test split: evaluate(config, checkpoint) -> metrics."""

import time
from pathlib import Path
from typing import Any

import torch

from shared.console import log, track
from shared.data.masks import IGNORE, Images
from shared.data.sources import require_same_classes, warn_if_other_data
from shared.files import file_digest
from shared.inference.tiles import Dense
from shared.metrics.segmentation import SegmentationScores
from shared.results import write_result
from shared.training.checkpoint import load_checkpoint
from shared.training.files import best_checkpoint
from src.config import Config
from src.dataloader import load_data
from src.utils import answer_of, as_dense, restore_model


def evaluate(config: Config, checkpoint: Path | None = None) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = load_data(config)
    require_same_classes(trained.metadata["classes"], data.classes)
    warn_if_other_data(trained.metadata["data"], data.as_dict())
    network = as_dense(restore_model(config, trained))
    started = time.perf_counter()
    metrics = {
        name: scores_of(network, split, trained.metadata["classes"], config)
        for name, split in (("validation", data.splits.validation), ("test", data.splits.test))
    }
    result = write_result(
        config.output_dir,
        "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.metadata["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - started,
        checkpoint=file_digest(trained.path),
        epoch=trained.metadata["epoch"],
        parameters=trained.metadata["parameters"],
        first_weights=trained.metadata["first_weights"],
    )
    pooled, each = metrics["test"]["pooled"]["mean_iou"], metrics["test"]["per_image"]["mean_iou"]
    log.info(f"evaluate: test mean IoU {pooled:.4f} pooled over all pixels, {each:.4f} averaged over images")
    return result


def scores_of(network: Dense, split: Images, classes: list[str], config: Config) -> dict[str, Any]:
    """All scores of a network on a split, as plain types (see `SegmentationScores.compute`)."""
    scores = SegmentationScores(classes, IGNORE)
    images = list(zip(split.names, split.images, split.masks, strict=True))
    for name, image, mask in track(images, "evaluate"):
        scores.add(name, torch.from_numpy(answer_of(network, image, config.predict)), torch.from_numpy(mask))
    return scores.compute()
