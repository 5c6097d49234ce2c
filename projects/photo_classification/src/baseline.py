"""Classical models on the same split: what the network has to beat."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from skimage.feature import hog
from sklearn.base import clone
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from torch import Tensor

from shared.data.examples import Data
from shared.data.images import displayed
from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.evaluation import fit_baselines
from src.config import Config
from src.dataloader import load_data

BINS = 8  # of a color histogram, for each channel
HOG_SIDE = 64  # pixels; finer gradients say more of noise than of the object
MOST_FITTED = 10_000  # photos; a support vector machine's time grows with their square


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit support vector machines on color histograms and on gradients; write outputs/baseline.json."""
    data = data or load_data(config)
    photos = {name: split["images"] for name, split in vars(data.splits).items()}  # uint8 [N, 3, H, W]
    return fit_baselines(config, data, make_baselines(data.several_labels), photos, most=MOST_FITTED)


def make_baselines(several_labels: bool = False) -> dict[str, Pipeline]:
    """The models by name; they take photos, uint8 [N, 3, H, W]; with several labels, each has a classifier."""
    classifier = OneVsRestClassifier(SVC(C=10)) if several_labels else SVC(C=10)
    described = {"color histograms": color_histogram, "gradients (HOG)": gradients}
    return {
        name: make_pipeline(FunctionTransformer(partial(describe, function)), StandardScaler(), clone(classifier))
        for name, function in described.items()
    }


def describe(function: Callable[[np.ndarray], np.ndarray], photos: Tensor | Rows) -> np.ndarray:
    """What a function says of each photo, [H, W, 3], in rows: float [N, D]."""
    return np.stack([function(displayed(photo)) for batch in in_batches(photos, 64) for photo in batch.numpy()])


def color_histogram(photo: np.ndarray) -> np.ndarray:
    """How often each of 8 x 8 x 8 colors occurs in a photo, float [512]."""
    cells = (photo // (256 // BINS)) @ np.array([BINS**2, BINS, 1])  # [H, W]
    shares: np.ndarray = np.sqrt(np.bincount(cells.ravel(), minlength=BINS**3) / cells.size)
    return shares  # the root: frequent colors do not drown the others


def gradients(photo: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients (Dalal & Triggs 2005), float [1764]."""
    small = Image.fromarray(photo).convert("L").resize((HOG_SIDE, HOG_SIDE), Image.Resampling.BOX)
    described: np.ndarray = hog(np.asarray(small), pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    return described
