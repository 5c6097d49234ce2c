"""Classical models on the same split: what the network has to beat."""

import time
from typing import Any

from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from torch import Tensor

from shared.console import log
from shared.metrics.classification import wilson_interval
from shared.results import write_result
from src.config import Config
from src.dataloader import load_data


def baseline(config: Config) -> dict[str, Any]:
    """Fit logistic regression and a support vector machine on the training split; write outputs/baseline.json."""
    data = load_data(config)
    train = data.splits.train
    metrics: dict[str, Any] = {}
    started = time.perf_counter()
    for name, model in make_baselines(len(train["labels"]), config.seed).items():
        fit_started = time.perf_counter()
        model.fit(_rows(train["images"]), train["labels"].numpy())
        seconds = time.perf_counter() - fit_started
        metrics[name] = {"fit_seconds": round(seconds, 2)} | {
            split_name: _accuracy(model, split["images"], split["labels"])
            for split_name, split in (("validation", data.splits.validation), ("test", data.splits.test))
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


def make_baselines(examples: int, seed: int) -> dict[str, Pipeline]:
    """The models by name; both see the pixels through principal components, which makes them fast."""
    scale = FunctionTransformer(_to_unit)
    return {
        "logistic regression": make_pipeline(
            scale, PCA(min(100, examples), random_state=seed), LogisticRegression(max_iter=200)
        ),
        "support vector machine": make_pipeline(scale, PCA(min(50, examples), random_state=seed), SVC(C=10)),
    }


def _to_unit(rows: Any) -> Any:
    return rows.astype("float32") / 255


def _rows(images: Tensor) -> Any:
    return images.flatten(1).numpy()


def _accuracy(model: Pipeline, images: Tensor, labels: Tensor) -> dict[str, Any]:
    right = int((model.predict(_rows(images)) == labels.numpy()).sum())
    return {"accuracy": right / len(labels), "accuracy_interval": list(wilson_interval(right, len(labels)))}
