"""Pixel classifiers on the same split: what the network has to beat."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skimage.feature import multiscale_basic_features
from sklearn.base import ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier

from shared.console import log
from shared.data.masks import IGNORE, Images
from shared.metrics.segmentation import SegmentationScores
from shared.results import write_result
from src.config import Config
from src.dataloader import load_data

Features = Callable[[np.ndarray], np.ndarray]
"""From an image, uint8 [H, W, 3], to float features of each pixel, [H, W, F]."""


def baseline(config: Config) -> dict[str, Any]:
    """Fit two pixel classifiers on the training split, measure them on the others; write outputs/baseline.json."""
    data = load_data(config)
    metrics: dict[str, Any] = {}
    started = time.perf_counter()
    for name, (features, model) in make_baselines(config.seed).items():
        fit_started = time.perf_counter()
        model.fit(*training_pixels(data.splits.train, features, config))
        seconds = time.perf_counter() - fit_started
        metrics[name] = {"fit_seconds": round(seconds, 2)} | {
            split_name: _scores(model, features, split, data.classes, config.baseline.every)
            for split_name, split in (("validation", data.splits.validation), ("test", data.splits.test))
        }
        iou = metrics[name]["test"]["pooled"]["mean_iou"]
        log.info(f"baseline: {name}: test mean IoU {iou:.4f} pooled, fitted in {seconds:.1f} s")
    return write_result(
        config.output_dir,
        "baseline",
        seed=config.seed,
        data=data.as_dict(),
        metrics=metrics,
        seconds=time.perf_counter() - started,
        every=config.baseline.every,
    )


def make_baselines(seed: int) -> dict[str, tuple[Features, ClassifierMixin]]:
    """The classifiers and what they see, by name.

    The first finds the best thresholds on the gray level: small trees cut that one number into ranges.
    """
    return {
        "gray level": (gray_level, DecisionTreeClassifier(max_leaf_nodes=16, random_state=seed)),
        "pixel features": (
            pixel_features,
            ExtraTreesClassifier(60, min_samples_leaf=5, n_jobs=-1, random_state=seed),
        ),
    }


def gray_level(image: np.ndarray) -> np.ndarray:
    """The brightness alone, [H, W, 1]."""
    return image.mean(2, keepdims=True)


def pixel_features(image: np.ndarray) -> np.ndarray:
    """Color, blurred color, edges and texture at several scales, and the place in the image."""
    height, width = image.shape[:2]
    local = multiscale_basic_features(image, sigma_min=1, sigma_max=8, channel_axis=2)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.concatenate([local, rows[:, :, None], columns[:, :, None]], axis=2).astype(np.float32)


def training_pixels(split: Images, features: Features, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Features and class ids of pixels drawn at random, from each image as many."""
    random = np.random.default_rng(config.seed)
    most = -(-config.baseline.train_pixels // len(split))
    rows, labels = [], []
    for image, mask in zip(split.images, split.masks, strict=True):
        counted = np.flatnonzero(mask.ravel() != IGNORE)
        chosen = random.choice(counted, min(most, len(counted)), replace=False)
        rows.append(features(image).reshape(mask.size, -1)[chosen])
        labels.append(mask.ravel()[chosen])
    return np.concatenate(rows), np.concatenate(labels)


def _scores(
    model: ClassifierMixin, features: Features, split: Images, classes: list[str], every: int
) -> dict[str, Any]:
    """The scores on every so-manieth pixel of every so-manieth row; outlines need all pixels and are left out."""
    scores = SegmentationScores(classes, IGNORE, outlines=every == 1)
    for name, image, mask in zip(split.names, split.images, split.masks, strict=True):
        seen = features(image)[::every, ::every]
        answer = model.predict(seen.reshape(-1, seen.shape[2])).reshape(seen.shape[:2])
        truth = np.ascontiguousarray(mask[::every, ::every])
        scores.add(name, torch.from_numpy(answer), torch.from_numpy(truth))
    return scores.compute()
