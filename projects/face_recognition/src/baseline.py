"""Eigenfaces on the same split: what the embedder has to beat."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from sklearn.svm import SVC
from torch import Tensor
from torch.nn import functional as F

from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.data.splits import evenly_spaced
from shared.evaluation import write_baselines
from src.config import Config
from src.dataloader import FaceData, load_data
from src.evaluate import pair_scores
from src.pairs import Pairs, draw_pairs

SIDE = 48
"""Of the gray crops that eigenfaces are made of, in pixels."""
COMPONENTS = 150
TRAINING_PAIRS = 2000
MAX_FITTED = 10_000
"""Of more faces, a sample that fits into memory; more would hardly change 150 components."""


def baseline(config: Config, *, data: FaceData | None = None) -> dict[str, Any]:
    """Fit eigenfaces on the training people; compare pairs by cosine and by an SVM; write outputs/baseline.json."""
    data = data or load_data(config)
    started = time.perf_counter()
    embeddings, seen = eigenfaces(data, config.seed)
    # An SVM on the difference and the product of two eigenface vectors, fitted on pairs of training people.
    pairs = draw_pairs(data.labels, seen, TRAINING_PAIRS, config.seed)
    svm = SVC(C=1.0, random_state=config.seed).fit(_differences(embeddings, pairs), pairs.same)
    cosines = {name: each.similarities(embeddings) for name, each in data.pairs.items()}
    decisions = {}
    for name, each in data.pairs.items():
        features = _differences(embeddings, each)
        decisions[name] = np.where(np.isnan(features).any(1), np.nan, svm.decision_function(np.nan_to_num(features)))
    metrics = {"eigenfaces, cosine": pair_scores(data, cosines), "eigenfaces, SVM": pair_scores(data, decisions)}
    summary = {name: f"{scores['test']['accuracy']:.4f} on the test pairs" for name, scores in metrics.items()}
    return write_baselines(config, data, metrics, summary, started, fitted_on=len(seen))


def eigenfaces(data: FaceData, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the training people's crops (Turk & Pentland 1991), whitened, of length one.

    Gives the vectors of all faces, float32 [N, D], NaN where no face was found, and the indices that were fitted on.
    """
    seen = np.flatnonzero(data.splits.train["found"])  # the training split comes first in `faces`
    seen = seen[evenly_spaced(len(seen), MAX_FITTED)]
    rows = np.concatenate([*gray_rows(data.faces.at(seen)["crops"])])
    components = PCA(min(COMPONENTS, len(seen) - 1), whiten=True, random_state=seed).fit(rows)
    blocks = gray_rows(data.faces["crops"])
    embeddings = np.concatenate([normalize(components.transform(block)) for block in blocks]).astype(np.float32)
    embeddings[~data.found] = np.nan
    return embeddings, seen


def gray_rows(crops: Tensor | Rows) -> Iterator[np.ndarray]:
    """Crops, uint8 [N, 3, S, S], in gray, small, each with mean 0 and deviation 1; float32 [256, SIDE * SIDE]."""
    for batch in in_batches(crops, 256):
        rows = F.interpolate(batch.float().mean(1, keepdim=True), size=SIDE, mode="area").flatten(1).numpy()
        centered = rows - rows.mean(1, keepdims=True)
        yield centered / np.maximum(centered.std(1, keepdims=True), 1)


def _differences(embeddings: np.ndarray, pairs: Pairs) -> np.ndarray:
    first, second = embeddings[pairs.members.T]
    return np.concatenate([np.abs(first - second), first * second], axis=1) * np.sqrt(embeddings.shape[1])
