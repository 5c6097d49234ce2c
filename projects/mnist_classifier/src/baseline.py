"""Classical models on the same split: what the network has to beat."""

from typing import Any

from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from shared.data.examples import Data
from shared.evaluation import fit_baselines
from src.config import Config
from src.dataloader import load_data


def baseline(config: Config, *, data: Data | None = None) -> dict[str, Any]:
    """Fit logistic regression and a support vector machine on the training split; write outputs/baseline.json."""
    data = data or load_data(config)
    rows = {name: split["images"].flatten(1).numpy() for name, split in vars(data.splits).items()}  # uint8 [N, CHW]
    return fit_baselines(config, data, make_baselines(len(data.splits.train), config.seed), rows)


def make_baselines(examples: int, seed: int) -> dict[str, Pipeline]:
    """The models by name; both see the pixels through principal components, which makes them fast.

    The support vector machine takes fewer of them: its time grows with them, its accuracy does not. C = 10 is the usual
    choice for MNIST's pixels between 0 and 1; a larger C fits single examples more closely.
    """
    scale = FunctionTransformer(_to_unit)
    return {
        "logistic regression": make_pipeline(
            scale, PCA(min(100, examples), random_state=seed), LogisticRegression(max_iter=200)
        ),
        "support vector machine": make_pipeline(scale, PCA(min(50, examples), random_state=seed), SVC(C=10)),
    }


def _to_unit(rows: Any) -> Any:
    return rows.astype("float32") / 255
