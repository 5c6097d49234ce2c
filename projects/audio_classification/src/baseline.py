"""Classical models on the same split: what the network has to beat."""

from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch import Tensor
from torchaudio.functional import compute_deltas, create_dct

from models.features import LogMel
from shared.data.examples import Data
from shared.data.memory import in_batches
from shared.data.rows import Rows
from shared.evaluation import fit_baselines
from src.config import Config
from src.dataloader import load_data

COEFFICIENTS = 20
BANDS = 40


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit logistic regression and a support vector machine on MFCC statistics; write outputs/baseline.json."""
    data = data or load_data(config)
    rows = {
        name: mfcc_statistics(split["samples"], config.data.sample_rate) for name, split in vars(data.splits).items()
    }
    return fit_baselines(config, data, make_baselines(), rows)


def make_baselines() -> dict[str, Pipeline]:
    """The models by name."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)),
        "support vector machine": make_pipeline(StandardScaler(), SVC(C=10)),
    }


@torch.no_grad()
def mfcc_statistics(samples: Tensor | Rows, sample_rate: int) -> np.ndarray:
    """Mel-frequency cepstral coefficients and their slopes, by mean and deviation over a clip.

    Args:
        samples: int16 [N, samples].

    Returns:
        float32 [N, 4 * COEFFICIENTS].
    """
    features, transform = LogMel(sample_rate, BANDS), create_dct(COEFFICIENTS, BANDS, norm="ortho")
    rows = []
    for batch in in_batches(samples, 256):
        coefficients = (features(batch).transpose(1, 2) @ transform).transpose(1, 2)
        both = torch.cat([coefficients, compute_deltas(coefficients)], 1)
        rows.append(torch.cat([both.mean(2), both.std(2)], 1))
    return torch.cat(rows).numpy()
