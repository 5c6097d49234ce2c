"""Eigenfaces on the same split: what the embedder has to beat."""

import time
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from sklearn.svm import SVC
from torch.nn import functional as F

from shared.console import log
from shared.metrics.verification import best_threshold, verification_scores
from shared.results import write_result
from src.config import Config
from src.dataloader import Data, Faces, load_data
from src.evaluate import split_scores
from src.pairs import Pairs, draw_pairs
from src.utils import crop_size

SIDE = 48
"""Of the gray crops that eigenfaces are made of, in pixels."""
COMPONENTS = 150
TRAINING_PAIRS = 2000


def baseline(config: Config) -> dict[str, Any]:
    """Fit eigenfaces on the training people; compare pairs by cosine and by an SVM; write outputs/baseline.json."""
    data = load_data(config, crop_size(config))
    started = time.perf_counter()
    embeddings, seen = eigenfaces(data, config.seed)
    metrics = {
        "eigenfaces, cosine": split_scores(embeddings, data),
        "eigenfaces, SVM": _svm_scores(embeddings, data, seen, config.seed),
    }
    for name, scores in metrics.items():
        log.info(f"baseline: {name}: {scores['test']['accuracy']:.4f} of the test pairs answered rightly")
    return write_result(
        config.output_dir,
        "baseline",
        seed=config.seed,
        data=data.as_dict(),
        metrics=metrics,
        seconds=time.perf_counter() - started,
    )


def eigenfaces(data: Data, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the training people's crops (Turk & Pentland 1991), whitened, of length one.

    Returns:
        The vectors of all faces, float32 [N, D], NaN where no face was found; and the indices that were fitted on.
    """
    rows = gray_rows(data.faces)
    seen = data.splits.train[data.faces.found[data.splits.train]]
    components = PCA(min(COMPONENTS, len(seen) - 1), whiten=True, random_state=seed).fit(rows[seen])
    embeddings = normalize(components.transform(rows)).astype(np.float32)
    embeddings[~data.faces.found] = np.nan
    return embeddings, seen


def gray_rows(faces: Faces, side: int = SIDE) -> np.ndarray:
    """The crops in gray, small, each brought to mean 0 and deviation 1; float32 [N, side * side]."""
    splits = [
        F.interpolate(crops.float().mean(1, keepdim=True), size=side, mode="area").flatten(1)
        for crops in faces.crops.split(256)
    ]
    rows = np.concatenate([split.numpy() for split in splits])
    centered: np.ndarray = rows - rows.mean(1, keepdims=True)
    return centered / np.maximum(centered.std(1, keepdims=True), 1)


def _svm_scores(embeddings: np.ndarray, data: Data, seen: np.ndarray, seed: int) -> dict[str, Any]:
    """An SVM on the difference and the product of two eigenface vectors, fitted on pairs of training people."""
    pairs = draw_pairs(data.faces.labels, seen, TRAINING_PAIRS, seed)
    model = SVC(C=1.0, random_state=seed).fit(_compared(embeddings, pairs), pairs.same)

    def similarities(pairs: Pairs) -> np.ndarray:
        features = _compared(embeddings, pairs)
        known = ~np.isnan(features).any(1)
        values = np.full(len(pairs), np.nan)
        values[known] = model.decision_function(features[known])
        return values

    validation, test = similarities(data.validation_pairs), similarities(data.test_pairs)
    threshold = best_threshold(validation, data.validation_pairs.same)
    return {
        "validation": verification_scores(validation, data.validation_pairs.same, threshold),
        "test": verification_scores(test, data.test_pairs.same, threshold),
    }


def _compared(embeddings: np.ndarray, pairs: Pairs) -> np.ndarray:
    first, second = embeddings[pairs.members[:, 0]], embeddings[pairs.members[:, 1]]
    return np.concatenate([np.abs(first - second), first * second], axis=1) * np.sqrt(embeddings.shape[1])
