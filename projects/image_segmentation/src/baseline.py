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
from shared.data.examples import Data, Examples
from shared.data.splits import evenly_spaced
from shared.evaluation import held_out, write_baselines
from shared.metrics.segmentation import SegmentationScores
from src.config import Config
from src.dataloader import load_data
from src.evaluate import overlap
from src.masks import IGNORE

MOST_IMAGES = 1000  # of the training split, whose pixels the classifiers see
Features = Callable[[np.ndarray], np.ndarray]
"""From an image, uint8 [H, W, 3], to float features of each pixel, [H, W, F]."""


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit two pixel classifiers on the training split, measure them on the others; write outputs/baseline.json."""
    data = data or load_data(config)
    metrics: dict[str, Any] = {}
    started, every = time.perf_counter(), config.baseline.every
    train = data.splits.train
    train = train.at(evenly_spaced(len(train), MOST_IMAGES))
    if len(train) < data.counts["train"]:
        log.info(f"baseline: fitted on {len(train):,} of {data.counts['train']:,} training images, evenly spaced")
    for name, (features, model) in make_baselines(config.seed).items():
        fit_started = time.perf_counter()
        model.fit(*training_pixels(train, features, config))
        metrics[name] = {"fit_seconds": round(time.perf_counter() - fit_started, 2)} | {
            split: scores_of(model, features, held, data.classes, every) for split, held in held_out(data).items()
        }
        log.info(f"baseline: {name}: test mean IoU {overlap(metrics[name]['test'])}")
    summary = {name: f"{overlap(row['test'])}, on the test split" for name, row in metrics.items()}
    return write_baselines(config, data, metrics, summary, started, every=every, fitted_on=len(train))


def make_baselines(seed: int) -> dict[str, tuple[Features, ClassifierMixin]]:
    """The classifiers and what they see, by name.

    Small trees find the best thresholds on the gray level. Extra trees (Geurts et al. 2006) are as good as a random
    forest and faster to fit; 5 pixels in a leaf keep single noisy pixels from deciding.
    """
    return {
        "gray level": (
            lambda image: image.mean(2, keepdims=True),
            DecisionTreeClassifier(max_leaf_nodes=16, random_state=seed),
        ),
        "pixel features": (pixel_features, ExtraTreesClassifier(60, min_samples_leaf=5, n_jobs=-1, random_state=seed)),
    }


def pixel_features(image: np.ndarray) -> np.ndarray:
    """Color, blurred color, edges and texture at several scales, and the place in the image, [H, W, F]."""
    height, width = image.shape[:2]
    local = multiscale_basic_features(image, sigma_min=1, sigma_max=8, channel_axis=2)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]  # each [H, W], from 0 to 1
    return np.concatenate([local, rows[:, :, None], columns[:, :, None]], axis=2).astype(np.float32)


def training_pixels(split: Examples, features: Features, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Features [P, F] and class ids [P] of random pixels, the same number from each image."""
    random = np.random.default_rng(config.seed)
    most = -(-config.baseline.train_pixels // len(split))
    rows, labels = [], []
    for image, mask in zip(split["images"], split["masks"], strict=True):
        counted = np.flatnonzero(mask.ravel() != IGNORE)
        chosen = random.choice(counted, min(most, len(counted)), replace=False)
        rows.append(features(image).reshape(mask.size, -1)[chosen])
        labels.append(mask.ravel()[chosen])
    return np.concatenate(rows), np.concatenate(labels)


def scores_of(
    model: ClassifierMixin, features: Features, split: Examples, classes: list[str], every: int
) -> dict[str, Any]:
    """The scores on a grid of pixels, `every` rows and columns apart; outlines are scored if these are all pixels."""
    scores = SegmentationScores(classes, IGNORE, outlines=every == 1)
    for name, image, mask in zip(split.names, split["images"], split["masks"], strict=True):
        seen = features(image)[::every, ::every]  # [h, w, F]
        predicted = model.predict(seen.reshape(-1, seen.shape[2])).reshape(seen.shape[:2])
        scores.add(name, torch.from_numpy(predicted), torch.from_numpy(mask[::every, ::every].copy()))
    return scores.compute()
