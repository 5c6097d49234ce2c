"""Classical models on the same split: what the network has to beat."""

import time
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
from shared.console import log
from shared.metrics.classification import wilson_interval
from shared.results import write_result
from src.config import Config
from src.dataloader import load_data

COEFFICIENTS = 20
BANDS = 40


def baseline(config: Config) -> dict[str, Any]:
    """Fit logistic regression and a support vector machine on MFCC statistics; write outputs/baseline.json."""
    data = load_data(config)
    started = time.perf_counter()
    rows = {
        name: mfcc_statistics(split["samples"], config.data.sample_rate) for name, split in vars(data.splits).items()
    }
    metrics: dict[str, Any] = {}
    for name, model in make_baselines().items():
        fit_started = time.perf_counter()
        model.fit(rows["train"], data.splits.train["labels"].numpy())
        seconds = time.perf_counter() - fit_started
        metrics[name] = {"fit_seconds": round(seconds, 2)} | {
            split: _accuracy(model, rows[split], getattr(data.splits, split)["labels"])
            for split in ("validation", "test")
        }
        log.info(f"baseline: {name}: test accuracy {metrics[name]['test']['accuracy']:.4f}, fitted in {seconds:.1f} s")
    return write_result(
        config.output_dir,
        "baseline",
        seed=config.seed,
        data=data.as_dict(),
        metrics=metrics,
        seconds=time.perf_counter() - started,
    )


def make_baselines() -> dict[str, Pipeline]:
    """The models by name."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)),
        "support vector machine": make_pipeline(StandardScaler(), SVC(C=10)),
    }


@torch.no_grad()
def mfcc_statistics(samples: Tensor, sample_rate: int) -> np.ndarray:
    """Mel-frequency cepstral coefficients and their slopes, by mean and deviation over a clip.

    Args:
        samples: int16 [N, samples].

    Returns:
        float32 [N, 4 * COEFFICIENTS].
    """
    features, transform = LogMel(sample_rate, BANDS), create_dct(COEFFICIENTS, BANDS, norm="ortho")
    rows = []
    for batch in samples.split(256):
        coefficients = (features(batch).transpose(1, 2) @ transform).transpose(1, 2)
        both = torch.cat([coefficients, compute_deltas(coefficients)], 1)
        rows.append(torch.cat([both.mean(2), both.std(2)], 1))
    return torch.cat(rows).numpy()


def _accuracy(model: Pipeline, rows: np.ndarray, labels: Tensor) -> dict[str, Any]:
    right = int((model.predict(rows) == labels.numpy()).sum())
    return {"accuracy": right / len(labels), "accuracy_interval": list(wilson_interval(right, len(labels)))}
