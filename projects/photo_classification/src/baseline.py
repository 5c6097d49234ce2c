"""Classical models on the same split: what the network has to beat."""

from typing import Any

import numpy as np
from PIL import Image
from skimage.feature import hog
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from shared.data.examples import Data
from shared.evaluation import fit_baselines
from src.config import Config
from src.dataloader import load_data
from src.preparation import displayed

BINS = 8  # of a color histogram, for each channel
HOG_SIDE = 64  # pixels; finer gradients say more of noise than of the object


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit support vector machines on color histograms and on gradients; write outputs/baseline.json."""
    data = data or load_data(config)
    photos = {name: split["images"].numpy() for name, split in vars(data.splits).items()}  # uint8 [N, 3, H, W]
    return fit_baselines(config, data, make_baselines(), photos)


def make_baselines() -> dict[str, Pipeline]:
    """The models by name; they take photos, uint8 [N, 3, H, W]."""
    described = {"color histograms": color_histograms, "gradients (HOG)": gradients}
    return {
        name: make_pipeline(FunctionTransformer(describe), StandardScaler(), SVC(C=10))
        for name, describe in described.items()
    }


def color_histograms(photos: np.ndarray) -> np.ndarray:
    """How often each of 8 x 8 x 8 colors occurs in each photo, float [N, 512]."""
    cells = (photos // (256 // BINS)).transpose(0, 2, 3, 1) @ np.array([BINS**2, BINS, 1])  # [N, H, W]
    counts = np.stack([np.bincount(photo.ravel(), minlength=BINS**3) for photo in cells])
    shares: np.ndarray = np.sqrt(counts / cells[0].size)  # the root: frequent colors do not drown the others
    return shares


def gradients(photos: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients (Dalal & Triggs 2005), float [N, 1764]."""
    size = (HOG_SIDE, HOG_SIDE)
    small = (Image.fromarray(displayed(photo)).convert("L").resize(size, Image.Resampling.BOX) for photo in photos)
    return np.stack([hog(np.asarray(image), pixels_per_cell=(8, 8), cells_per_block=(2, 2)) for image in small])
