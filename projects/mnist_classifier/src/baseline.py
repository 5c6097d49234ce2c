"""Classical models on the same split: what the network has to beat."""

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from torch import Tensor

from shared.data.examples import Data
from shared.evaluation import fit_baselines
from src.config import Config
from src.dataloader import load_data

MOST_BYTES = 256_000_000
"""Of the training images as float32; scikit-learn makes several copies of them."""


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit logistic regression and a support vector machine on the training split; write outputs/baseline.json."""
    data = data or load_data(config)
    images = {name: split["images"] for name, split in vars(data.splits).items()}  # uint8 [N, 1, H, W]
    most = MOST_BYTES // (4 * images["train"][0].numel())
    models = make_baselines(min(most, len(data.splits.train)), config.seed)
    return fit_baselines(config, data, models, images, most=most)


def make_baselines(examples: int, seed: int) -> dict[str, Pipeline]:
    """The models by name; both see the pixels through principal components, which makes them fast.

    The support vector machine takes fewer of them: its time grows with them, its accuracy does not. C = 10 is the usual
    choice for MNIST's pixels between 0 and 1; a larger C fits single examples more closely.
    """
    scale = FunctionTransformer(_to_rows)
    return {
        "logistic regression": make_pipeline(
            scale, PCA(min(100, examples), random_state=seed), LogisticRegression(max_iter=200)
        ),
        "support vector machine": make_pipeline(scale, PCA(min(50, examples), random_state=seed), SVC(C=10)),
    }


def _to_rows(images: Tensor) -> np.ndarray:
    """From uint8 [N, 1, H, W] to float32 [N, HW] between 0 and 1."""
    return images.flatten(1).float().div(255).numpy()
