"""Measure the trained network on the test part: evaluate(config, checkpoint) -> metrics."""

import time
from pathlib import Path
from typing import Any

import torch

from shared.console import say, track
from shared.data.masks import IGNORE, Pictures
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
    """Measure a trained network on the validation and test parts; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run where not given
    """
    trained = load_checkpoint(checkpoint or best_checkpoint(config.output_dir))
    data = load_data(config)
    require_same_classes(trained.about["classes"], data.classes)
    warn_if_other_data(trained.about["data"], data.as_dict())
    network = as_dense(restore_model(config, trained))
    started = time.perf_counter()
    metrics = {
        name: scores_of(network, part, trained.about["classes"], config)
        for name, part in (("validation", data.parts.validation), ("test", data.parts.test))
    }
    result = write_result(
        config.output_dir,
        "evaluate",
        seed=config.seed,
        data=data.as_dict() | {"substituted": trained.about["data"]["substituted"]},
        metrics=metrics,
        seconds=time.perf_counter() - started,
        checkpoint=file_digest(trained.path),
        epoch=trained.about["epoch"],
        parameters=trained.about["parameters"],
        first_weights=trained.about["first_weights"],
    )
    pooled, each = metrics["test"]["pooled"]["mean_iou"], metrics["test"]["per_image"]["mean_iou"]
    say(f"evaluate: test mean IoU {pooled:.4f} pooled over all pixels, {each:.4f} averaged over pictures")
    return result


def scores_of(network: Dense, part: Pictures, classes: list[str], config: Config) -> dict[str, Any]:
    """All scores of a network on a part, as plain types (see `SegmentationScores.compute`)."""
    scores = SegmentationScores(classes, IGNORE)
    pictures = list(zip(part.names, part.images, part.masks, strict=True))
    for name, image, mask in track(pictures, "evaluate"):
        scores.add(name, torch.from_numpy(answer_of(network, image, config.predict)), torch.from_numpy(mask))
    return scores.compute()
