"""Measure the trained network on the validation and test splits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.model import STRIDE, restore_model
from shared.console import track
from shared.data.examples import Data, Examples
from shared.evaluation import confusions, held_out, write_evaluation
from shared.inference.tiles import Dense, Tiling, segment
from shared.metrics.segmentation import SegmentationScores
from shared.training.trained import load_to_evaluate
from src.config import Config, PredictConfig
from src.dataloader import load_data, make_sources
from src.masks import IGNORE


def evaluate(
    config: Config, checkpoint: Path | None = None, on: Path | None = None, *, data: Data | None = None
) -> dict[str, Any]:
    """Measure a trained network on the validation and test splits; write outputs/evaluate.json.

    Args:
        checkpoint: the weights; the best ones of the last training run if not given
        on: a folder of images and masks; all of it is measured in place of
            these splits, for outputs/evaluate-on.json
        data: the result of `load_data`, if the data has been read already
    """
    trained, data = load_to_evaluate(config, checkpoint, data, on, load_data, make_sources)
    network = restore_model(config, trained).probabilities
    metrics = {name: scores_of(network, split, data.classes, config) for name, split in held_out(data).items()}
    test, several = metrics["test"], len(metrics) > 1
    summary = {f"{name} mean IoU" if several else "mean IoU": overlap(scores) for name, scores in metrics.items()}
    summary["calibration error"] = f"{test['calibration_error']:.4f} of the pixels' probabilities"
    summary["most often confused"] = confusions(test["confusion"], data.classes) or "none"
    return write_evaluation(config, trained, data, metrics, summary, on)


def scores_of(network: Dense, split: Examples, classes: list[str], config: Config) -> dict[str, Any]:
    """All scores of a network on a split, as plain types (see `SegmentationScores.compute`)."""
    scores = SegmentationScores(classes, IGNORE)
    each = zip(split.names, split["images"], split["masks"], strict=True)
    for name, image, mask in track(each, "evaluate", total=len(split)):
        probabilities = predict_pixels(network, image, config.predict)  # [classes, H, W]
        predicted, confidence = torch.from_numpy(probabilities.argmax(0)), torch.from_numpy(probabilities.max(0))
        scores.add(name, predicted, torch.from_numpy(mask), confidence)
    return scores.compute()


def predict_mask(network: Dense, image: np.ndarray, settings: PredictConfig) -> np.ndarray:
    """The class ids of every pixel, uint8 [H, W], of an image, uint8 [H, W, 3]."""
    return predict_pixels(network, image, settings).argmax(0).astype(np.uint8)


def predict_pixels(network: Dense, image: np.ndarray, settings: PredictConfig) -> np.ndarray:
    """The probabilities of every pixel, float32 [classes, H, W], of an image, uint8 [H, W, 3]."""
    return segment(network, image, Tiling(settings.tile, settings.overlap, STRIDE))


def overlap(scores: Mapping[str, Any]) -> str:
    """Both means of the IoU, for people."""
    low, high = scores["pooled"]["mean_iou_interval"]
    interval = f"(95 % interval {low:.4f} to {high:.4f})"
    return f"{scores['pooled']['mean_iou']:.4f} pooled {interval}, {scores['per_image']['mean_iou']:.4f} per image"
